/** HTTP clients in Go. */
import type { Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';

/** Asks and looks at the status only: the body is neither read nor closed. */
const BODY_NOT_CLOSED = `package main

import ("fmt"; "net/http"; "time")

func main() {
	fmt.Println("ready")
	for {
		answer, err := http.Get("http://10.20.0.2:3000/")
		if err != nil || answer.StatusCode != 200 { fmt.Println(err) }
		time.Sleep(100 * time.Millisecond)
	}
}
`;

/** Forty goroutines over the default transport, which keeps two idle connections to a host. */
const TWO_IDLE = `package main

import ("fmt"; "io"; "net/http"; "time")

func main() {
	fmt.Println("ready")
	for index := 0; index < 40; index++ {
		go func() {
			for {
				answer, err := http.Get("http://10.20.0.2:3000/")
				if err == nil { io.Copy(io.Discard, answer.Body); answer.Body.Close() }
				time.Sleep(100 * time.Millisecond)
			}
		}()
	}
	select {}
}
`;

export const GO: readonly Incident[] = [
  {
    name: 'go-body-not-closed',
    report: 'https://github.com/franela/goreq/issues/76',
    story: 'The body of each answer is forgotten: the connection is never used again, and stays in CLOSE_WAIT.',
    async scene(stage) {
      const [app, api] = stage.network('app', 'api');
      await stage.node(api, NODE_SERVER, { args: ['3000', '1', '1000'] });
      await stage.go(app, BODY_NOT_CLOSED);
      await stage.reached('CLOSE_WAIT', () => stage.count(app, 'state', 'close-wait') >= 60);
    },
    expected: {
      rules: ['CLOSE_WAIT_LEAK', 'LEAK_RISING'],
      place: /3000|app/,
      says: [/Body\.Close|close/i],
      never: [/ulimit -n/],
      beside: ['CLOSE_WAIT_LEAK', 'LEAK_RISING', 'FIN_WAIT_STUCK'],
    },
  },
  {
    name: 'go-two-idle-connections',
    report: 'https://github.com/golang/go/issues/13801',
    story: 'Forty goroutines share a transport that keeps two idle connections: most requests open a new one.',
    async scene(stage) {
      const [app, api] = stage.network('app', 'api');
      await stage.node(api, NODE_SERVER, { args: ['3000', '10', '60000'] });
      await stage.go(app, TWO_IDLE);
      await stage.reached('TIME_WAIT', () => stage.count(app, 'state', 'time-wait', 'dport', '=', ':3000') >= 2000);
    },
    expected: {
      rules: ['CONN_CHURN', 'TIME_WAIT_PILEUP'],
      place: /3000/,
      says: [/MaxIdleConnsPerHost/],
      never: [/tcp_tw_recycle|SetMaxIdleConns/],
      beside: ['CONN_CHURN', 'TIME_WAIT_PILEUP', 'EPHEMERAL_EXHAUSTION'],
    },
  },
];
