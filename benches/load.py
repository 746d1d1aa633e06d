"""What the scripts beside this one share: a request's body, connections that are never idle, a server's memory."""
import concurrent.futures
import http.client
import pathlib
import time
import urllib.parse
import uuid

BOUNDARY = uuid.uuid4().hex


def add_options(parser):
    """What every request needs."""
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--identity")
    parser.add_argument("--token")


def form(path, identity):
    """The body of a request that claims `identity`, or nobody, of the image at `path`."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = b""
    if identity:
        parts += f'{head}"identity"\r\n\r\n{identity}\r\n'.encode()
    image = pathlib.Path(path).read_bytes()
    return parts + f'{head}"image"; filename="probe"\r\n\r\n'.encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()


def client(url, token, bodies, answered):
    """Sends each of `bodies` as `POST /v1/verify` over one connection, waits for the answer, and hands status and seconds
    to `answered`."""
    where = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname, where.port, timeout=120)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for body in bodies:
        began = time.monotonic()
        connection.request("POST", "/v1/verify", body, headers)
        answer = connection.getresponse()
        answer.read()
        answered(answer.status, time.monotonic() - began)
    connection.close()


def run(connections, url, token, bodies, answered):
    """As many clients at once; `bodies` makes the requests of each. Returns the seconds until the last has ended, and raises
    what broke one of them off."""
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        clients = [pool.submit(client, url, token, bodies(), answered) for _ in range(connections)]
    for one in clients:
        one.result()
    return time.monotonic() - began


def family(pid):
    """A process and all below it."""
    below = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    return [pid] + [one for file in below for child in file.read_text().split() for one in family(int(child))]


def forget_peak(pid):
    """From now on, the peak is that of what follows."""
    for one in family(pid):
        pathlib.Path(f"/proc/{one}/clear_refs").write_text("5")


def resident(pid, peak=False):
    """The memory that is resident in MB, or the most that was; of several processes, the sum."""
    key = "VmHWM:" if peak else "VmRSS:"
    lines = (line for one in family(pid) for line in pathlib.Path(f"/proc/{one}/status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024 / 1e6
