"""Stops a service in the middle of its work. Usage: service_stop.py PROGRAM DATABASE_URL DIRECTORY

A stream, an idle connection, a half-sent head, a half-sent body and submissions that arrive all the time are open when
the service gets SIGTERM. Prints one JSON object.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

program, url, directory = sys.argv[1:]
environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "PITHLEDGER_"))}
environment["PITHLEDGER_DATABASE_URL"] = url


def start():
    service = subprocess.Popen(
        [program, "serve", "--port", "0", "--data-dir", directory], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    line = service.stdout.readline()
    assert b"listening" in line, (line, service.stderr.read())
    return service, int(line.rsplit(b":", 1)[1])


def connect(port, text=b""):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(text)
    return connection


def head(path, more=b""):
    return b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + more + b"\r\n"


def rest(connection):
    """What the service still sends, until it ends the connection."""
    data = b""
    try:
        while part := connection.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


def stop(second_signal):
    service, port = start()
    stream = connect(port, head(b"/api/events/stream"))
    answer = stream.recv(65536)
    assert b"200 OK" in answer, answer
    idle = connect(port, head(b"/healthz"))
    answer = idle.recv(65536)
    assert b"alive" in answer, answer
    fresh = connect(port)
    half_head = connect(port, b"GET /healthz HT")
    half_body = connect(port, b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                              b"Content-Length: 1000\r\n\r\n{")
    running, answers = True, []

    def ask():
        while running:
            try:
                connection = connect(port, head(b"/pith/4OXKXQ4P.json", b"Connection: close\r\n"))
                data = rest(connection)
                if data:
                    length = int(data.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                    answers.append(len(data.split(b"\r\n\r\n", 1)[1]) == length)
            except OSError:
                if not running:
                    return
                time.sleep(0.01)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(answers) < 20:
        time.sleep(0.01)
    began = time.monotonic()
    service.send_signal(signal.SIGTERM)
    if second_signal:
        time.sleep(0.1)
        service.send_signal(signal.SIGTERM)
    code = service.wait(60)
    took = time.monotonic() - began
    running = False
    for thread in threads:
        thread.join(30)
    result = {
        "code": code, "seconds": round(took, 2), "answers": len(answers), "whole": all(answers),
        "stream": rest(stream)[-5:].decode() if not second_signal else "", "errors": service.stderr.read().decode()}
    for connection in (idle, fresh, half_head, half_body):
        rest(connection)
    return result


print(json.dumps({"one": stop(False), "two": stop(True)}))
