import { render } from 'preact';
import { App } from './app.tsx';
import { connect, reconnect, rest, stayConnected } from './state/connection.ts';
import { followContainer } from './state/container-history.ts';
import { followFilter } from './state/filter.ts';
import { listenToKeys } from './state/keys.ts';
import { followMatching } from './state/matching.ts';
import { followOverview } from './state/overview-history.ts';
import { followProblems } from './state/problems.ts';
import { followRecording } from './state/recording.ts';
import { followAddress } from './state/route.ts';
import { followSession } from './state/server.ts';
import { takeNewToken } from './state/session.ts';
import { followSockets } from './state/sockets.ts';
import { followStreamQuery } from './state/stream-query.ts';
import { startTheme } from './state/theme.ts';

startTheme();
takeNewToken();
followAddress(() => {
  if (takeNewToken()) reconnect();
});
listenToKeys();
followStreamQuery((query) => {
  if (query === undefined) rest();
  else connect(query);
});
stayConnected();
followRecording();
followFilter();
followProblems();
followOverview();
followContainer();
followSockets();
followSession();
followMatching();
render(<App />, document.getElementById('app') ?? document.body);
