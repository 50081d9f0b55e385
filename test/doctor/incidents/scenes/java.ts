/** Servers in Java. */
import { HOLD, HTTP_CLIENT, SILENT } from '../clients.ts';
import type { Incident } from '../incident.ts';

/** The server of the JDK with its default executor: one thread for everything. */
const ONE_THREAD = `
import com.sun.net.httpserver.HttpServer;
import java.net.*;
public class Main {
  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.createContext("/", exchange -> {
      new URL("http://10.20.0.2:8081/").openStream().read();
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    server.start();
    System.out.println("ready");
  }
}
`;

/** A thread for each client up to a pool of eight; each waits for more input. */
const FIXED_POOL = `
import java.net.*;
import java.util.concurrent.*;
public class Main {
  public static void main(String[] args) throws Exception {
    ServerSocket server = new ServerSocket(9000);
    Semaphore threads = new Semaphore(8);
    System.out.println("ready");
    while (true) {
      threads.acquire();
      Socket socket = server.accept();
      new Thread(() -> {
        try (socket) {
          while (socket.getInputStream().read() >= 0) { }
        } catch (Exception error) { } finally { threads.release(); }
      }).start();
    }
  }
}
`;

export const JAVA: readonly Incident[] = [
  {
    name: 'jdk-server-one-thread',
    report: 'https://github.com/eclipse-ee4j/jersey/issues/381',
    story:
      'The HTTP server of the JDK handles requests in one thread, which waits for another service without a timeout.',
    async scene(stage) {
      const [app, api, clients] = stage.network('app', 'api', 'clients');
      await stage.python(api, SILENT, { args: ['8081'] });
      await stage.java(app, ONE_THREAD);
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8080', '30', '0.2'] });
      await stage.reached(
        'a blocked request',
        () => stage.count(app, 'state', 'established', 'dport', '=', ':8081') >= 1,
      );
      await stage.reached('the others', () => stage.count(app, 'state', 'established', 'sport', '=', ':8080') >= 30);
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /8080|java/,
      says: [/8081|10\.20\.0\.2|timeout|thread|executor/i],
      never: [/somaxconn|raise.*backlog/i],
      beside: [],
    },
  },
  {
    name: 'java-thread-per-client',
    report: 'https://github.com/streamnative/kop/issues/713',
    story:
      'Eight idle clients hold all threads of a server: further ones wait in its backlog of 50, then their SYNs are lost.',
    async scene(stage) {
      const [app, clients] = stage.network('app', 'clients');
      await stage.java(app, FIXED_POOL);
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '9000', '80', 'x'] });
      await stage.reached('a full queue', () => stage.queued(app, 9000) >= 51);
    },
    expected: {
      rules: ['CONNECTION_CAP', 'ACCEPT_STUCK', 'LISTEN_OVERFLOW'],
      place: /9000|java/,
      says: [/thread|idle|timeout|own limit/i],
      never: [/somaxconn|ServerSocket\(port, \d+/i],
      beside: ['CONNECTION_CAP', 'ACCEPT_STUCK', 'LISTEN_OVERFLOW', 'SYN_SENT_STUCK'],
    },
  },
];
