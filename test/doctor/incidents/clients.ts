/** Client programs that several scenes use, in Python without packages. Each prints `ready` when it has begun. */

/**
 * Holds connections: HOST PORT COUNT [TEXT]. Opens them one after the other, sends TEXT (`\r\n` as written) on each, reads
 * what comes in the background, and never closes one. Prints `ready`, then `open N` as they are established.
 */
export const HOLD = `
import select, socket, sys, threading, time
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
text = sys.argv[4].encode().decode("unicode_escape").encode() if len(sys.argv) > 4 else b""
held = []
poller = select.epoll()
print("ready")
for number in range(count):
    connection = socket.create_connection((host, port))
    if text: connection.sendall(text)
    held.append(connection)
    poller.register(connection, select.EPOLLIN)
print("open", len(held))
by = {each.fileno(): each for each in held}
while True:
    for fd, _ in poller.poll(1):
        if not by[fd].recv(65536): poller.unregister(fd)
`;

/**
 * Requests a web page: HOST PORT THREADS PAUSE-SECONDS [PATH [close]]. Each thread has one connection that it keeps,
 * or with \`close\` a new one for every request. Errors are counted, and tried again after a pause.
 */
export const HTTP_CLIENT = `
import http.client, sys, threading, time
host, port, threads, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
path = sys.argv[5] if len(sys.argv) > 5 else "/"
close = len(sys.argv) > 6 and sys.argv[6] == "close"
answered, failed = [0], [0]
def run(number):
    time.sleep(pause * number / threads)
    connection = None
    while True:
        try:
            if connection is None: connection = http.client.HTTPConnection(host, port, timeout=120)
            connection.request("GET", path, headers={"Connection": "close"} if close else {})
            answer = connection.getresponse()
            answer.read()
            answered[0] += 1
            if answer.status >= 500: failed[0] += 1
            if close:
                connection.close()
                connection = None
        except Exception as error:
            failed[0] += 1
            if failed[0] < 5: print("error", repr(error))
            if connection is not None: connection.close()
            connection = None
            time.sleep(0.2)
        time.sleep(pause)
for number in range(threads):
    threading.Thread(target=run, args=(number,), daemon=True).start()
print("ready")
while True:
    time.sleep(1)
    print("answered", answered[0], "failed", failed[0])
`;

/** A service that accepts every connection, reads what comes, and never answers: PORT. */
export const SILENT = `
import socket, sys, threading
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=512)
print("ready")
held = []
def read(connection):
    while connection.recv(65536): pass
while True:
    connection, _ = listener.accept()
    held.append(connection)
    threading.Thread(target=read, args=(connection,), daemon=True).start()
`;
