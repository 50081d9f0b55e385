import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Clock } from './components/clock.tsx';
import { DropRecording } from './components/drop-recording.tsx';
import { Footer } from './components/footer.tsx';
import { Help } from './components/help.tsx';
import { NoticeBar } from './components/notices.tsx';
import { PatternDefinitions } from './components/swatch.tsx';
import { TopBar } from './components/top-bar.tsx';
import { NoToken } from './pages/no-token.tsx';
import { PAGES } from './pages/pages.tsx';
import { connection } from './state/connection.ts';
import { route } from './state/route.ts';
import { spoken } from './state/speech.ts';

/** The page: bar, clock, and what the address says. */
export function App() {
  const isHelpOpen = useSignal(false);
  const { page, name } = route.value;
  const { state } = connection.value;
  const { Page: Shown } = PAGES[page];
  useEffect(() => {
    document.title = `${PAGES[page].title(name)} · socklens`;
  }, [page, name]);
  if (state === 'refused') return <NoToken />;
  return (
    <>
      <button type="button" class="skip" onClick={toContent}>
        Skip to content
      </button>
      <PatternDefinitions />
      <TopBar
        onHelp={() => {
          isHelpOpen.value = true;
        }}
      />
      <NoticeBar />
      {PAGES[page].isOfNow !== true && <Clock pointMs={PAGES[page].pointMs?.()} />}
      <main class={`page ${state === 'lost' ? 'stale' : ''}`} id="main" tabIndex={-1}>
        <Shown key={`${page}/${name}`} />
        <Footer />
      </main>
      <Help
        isOpen={isHelpOpen.value}
        onClose={() => {
          isHelpOpen.value = false;
        }}
      />
      <DropRecording />
      <div class="vh" role="status" aria-live="polite">
        {spoken.value}
      </div>
    </>
  );
}

/** A link would need the fragment, which is the page's address. */
function toContent(): void {
  document.getElementById('main')?.focus();
}
