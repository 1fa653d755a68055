"""Sends back whatever arrives on the Unix-domain socket named by the first argument: as little as Python can do."""

import socket
import sys

_READ_BYTES = 256 * 1024


def main(path: str) -> None:
    """Serves the one connection to its end."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    while data := connection.recv(_READ_BYTES):
        connection.sendall(data)


if __name__ == "__main__":
    main(sys.argv[1])
