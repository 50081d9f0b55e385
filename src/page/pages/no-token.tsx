import { Paste } from '../components/paste.tsx';
import { token } from '../state/session.ts';

/** The page without its link: what to type to get it. */
export function NoToken() {
  const isOld = token() !== undefined;
  return (
    <main class="page" id="main">
      <div class="frame lonely">
        <div class="blank">
          <h1>This page needs its link</h1>
          <p>
            {isOld
              ? 'The token of this tab is not the one of this socklens serve: it was started anew, or another one answers here. '
              : 'The link holds a token, which this tab does not have. '}
            Open the link that <code>socklens serve</code> printed; a new tab needs it again.
          </p>
          <Paste where="Print the link, on the host" text="sudo socklens serve --link" />
          <Paste where="From a machine with a browser" text="ssh HOST sudo socklens serve --link" />
        </div>
      </div>
    </main>
  );
}
