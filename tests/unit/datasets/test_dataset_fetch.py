import errno
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from inkdigits.datasets import fetch as fetch_module
from inkdigits.datasets import fetch_dataset, find_files, registry
from inkdigits.datasets.registry import FileInfo, parse_dataset
from inkdigits.errors import DataNotFoundError, DownloadError, OutputError

CONTENT = {"a.gz": b"content of a", "b.gz": b"content of b"}
FIRST, SECOND = "https://first.example/", "https://second.example/"


class FakeNetwork:
    """Stands for the network: serves CONTENT, unless `failures` has something else for a URL."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures: dict[str, bytes | Exception] = {}

    def __call__(self, url: str, output_file: object, pooch: object) -> None:
        self.asked.append(url)
        answer = self.failures.get(url, CONTENT[url.rpartition("/")[2]])
        path = Path(str(output_file))
        if isinstance(answer, Exception):
            path.write_bytes(b"the first part of")
            raise answer
        path.write_bytes(answer)


def make_packaging(
    *, bases: tuple[str, ...] = (FIRST, SECOND), names: tuple[str, ...] = ("a.gz", "b.gz")
) -> object:
    files = [{"name": n, "role": n[0], "sha256": hashlib.sha256(CONTENT[n]).hexdigest()} for n in names]
    return {"format": "idx", "base_urls": list(bases), "files": files}


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that registers the set "toy" and returns its folder in the cache."""

    def do(*packagings: object, **entry: object) -> Path:
        table = {
            "title": "Toy", "kind": "glyphs", "source": "https://example.org", "licence": "none",
            "may_train": False, "script": "latin", "polarity": "light-on-dark", "labels": "digits",
            "splits": {"all": {"count": 1}}, "packagings": list(packagings or (make_packaging(),)), **entry,
        }  # fmt: skip
        monkeypatch.setattr(registry, "_load_registry", lambda: {"toy": parse_dataset("toy", table)})
        monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "cache"))
        monkeypatch.delenv("INKDIGITS_DATA", raising=False)
        return tmp_path / "cache" / "toy"

    return do


def test_files_arrive_once(install: Callable[..., Path], network: FakeNetwork) -> None:
    folder = install()
    assert find_files("toy") == {}
    assert fetch_dataset("toy", downloader=network) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert find_files("toy") == {name: folder / name for name in CONTENT}
    fetch_dataset("toy", downloader=network)
    assert network.asked == [f"{FIRST}a.gz", f"{FIRST}b.gz"]


def test_force_fetches_again(install: Callable[..., Path], network: FakeNetwork) -> None:
    folder = install()
    fetch_dataset("toy", downloader=network)
    fetch_dataset("toy", force=True, downloader=network)
    assert len(network.asked) == 4
    assert {path.name for path in folder.iterdir()} == set(CONTENT)


def test_damaged_file_is_replaced(install: Callable[..., Path], network: FakeNetwork) -> None:
    folder = install()
    folder.mkdir(parents=True)
    (folder / "a.gz").write_bytes(b"damaged")
    fetch_dataset("toy", downloader=network)
    assert (folder / "a.gz").read_bytes() == CONTENT["a.gz"]


@pytest.mark.parametrize(
    "failure",
    [
        b"<html>moved</html>",
        CONTENT["a.gz"][:-1],
        b"",
        ConnectionError("refused"),
        TimeoutError("silent"),
        OSError("chunk missing"),
    ],
)
def test_second_mirror_helps(
    install: Callable[..., Path], network: FakeNetwork, failure: bytes | Exception
) -> None:
    folder = install()
    network.failures[f"{FIRST}a.gz"] = failure
    fetch_dataset("toy", downloader=network)
    assert network.asked == [f"{FIRST}a.gz", f"{SECOND}a.gz", f"{FIRST}b.gz"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT  # no temporary file is left


def test_all_mirrors_fail(install: Callable[..., Path], network: FakeNetwork) -> None:
    folder = install()
    network.failures = {f"{FIRST}a.gz": b"wrong", f"{SECOND}a.gz": ConnectionError("refused")}
    with pytest.raises(DownloadError) as caught:
        fetch_dataset("toy", downloader=network)
    text = str(caught.value)
    assert f"{FIRST}a.gz (wrong checksum" in text
    assert f"{SECOND}a.gz (ConnectionError: refused)" in text
    assert hashlib.sha256(CONTENT["a.gz"]).hexdigest() in text
    assert hashlib.sha256(b"wrong").hexdigest() in text
    assert str(folder) in caught.value.remedy
    assert list(folder.iterdir()) == []


def test_failed_force_keeps_the_old_file(install: Callable[..., Path], network: FakeNetwork) -> None:
    folder = install()
    fetch_dataset("toy", downloader=network)
    network.failures = {f"{base}a.gz": b"wrong" for base in (FIRST, SECOND)}
    with pytest.raises(DownloadError):
        fetch_dataset("toy", force=True, downloader=network)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_full_disk_is_no_fault_of_the_mirror(
    install: Callable[..., Path], network: FakeNetwork, code: int
) -> None:
    folder = install()
    network.failures[f"{FIRST}a.gz"] = OSError(code, "the disk says no")
    with pytest.raises(OutputError, match="the disk says no") as caught:
        fetch_dataset("toy", downloader=network)
    assert "INKDIGITS_CACHE" in caught.value.remedy
    assert network.asked == [f"{FIRST}a.gz"]
    assert list(folder.iterdir()) == []


def test_cache_below_a_file_is_an_output_error(
    install: Callable[..., Path], network: FakeNetwork, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install()
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("INKDIGITS_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="folder"):
        fetch_dataset("toy", downloader=network)
    assert not network.asked


def test_second_packaging_helps(install: Callable[..., Path], network: FakeNetwork) -> None:
    install(make_packaging(names=("a.gz",), bases=(FIRST,)), make_packaging(names=("b.gz",), bases=(SECOND,)))
    network.failures[f"{FIRST}a.gz"] = ConnectionError()
    fetch_dataset("toy", downloader=network)
    assert network.asked == [f"{FIRST}a.gz", f"{SECOND}b.gz"]


def test_plain_http_is_never_asked(install: Callable[..., Path], network: FakeNetwork) -> None:
    install(make_packaging(bases=("http://first.example/", SECOND)))
    fetch_dataset("toy", downloader=network)
    assert network.asked == [f"{SECOND}a.gz", f"{SECOND}b.gz"]
    install(make_packaging(bases=("http://first.example/",)))
    with pytest.raises(DownloadError, match="not https"):
        fetch_dataset("toy", force=True, downloader=network)


def test_redirect_to_http_is_refused() -> None:
    class Response:
        is_redirect = True
        headers = {"Location": "http://elsewhere.example/a.gz"}  # noqa: RUF012

    with pytest.raises(OSError, match="not https"):
        fetch_module._refuse_plain_redirect(Response())
    Response.headers = {"Location": "https://elsewhere.example/a.gz"}
    fetch_module._refuse_plain_redirect(Response())


def test_unpublished_hash_warns(
    install: Callable[..., Path], network: FakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    files = [{"name": "a.gz", "role": "images", "urls": [f"{FIRST}a.gz"]}]
    install({"format": "idx", "files": files})
    with caplog.at_level(logging.WARNING):
        fetch_dataset("toy", downloader=network)
    assert "No checksum of a.gz" in caplog.text


def test_md5_counts_where_nothing_better_is_published(
    install: Callable[..., Path], network: FakeNetwork
) -> None:
    md5 = hashlib.md5(CONTENT["a.gz"]).hexdigest()
    files = [{"name": "a.gz", "role": "images", "urls": [f"{FIRST}a.gz"], "md5": md5}]
    install({"format": "idx", "files": files})
    fetch_dataset("toy", downloader=network)
    network.failures[f"{FIRST}a.gz"] = b"wrong"
    with pytest.raises(DownloadError, match=md5):
        fetch_dataset("toy", force=True, downloader=network)


def test_set_that_no_program_can_fetch(install: Callable[..., Path], network: FakeNetwork) -> None:
    folder = install(make_packaging(bases=()), manual="ask the makers")
    with pytest.raises(DataNotFoundError) as caught:
        fetch_dataset("toy", downloader=network)
    assert "ask the makers" in caught.value.remedy
    assert "a.gz, b.gz" in caught.value.remedy
    assert str(folder) in caught.value.remedy


def test_progress_goes_to_stderr(
    install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pooch

    install()
    monkeypatch.setattr(pooch, "HTTPDownloader", lambda **_: FakeNetwork())
    fetch_dataset("toy")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Fetching a.gz from first.example" in captured.err


class Server(BaseHTTPRequestHandler):
    """Serves CONTENT over plain http on this machine; "/cut/" announces more than it sends."""

    def do_GET(self) -> None:
        body = CONTENT[self.path.rpartition("/")[2]]
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", f"http://{self.headers['Host']}/a.gz")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 10 * self.path.startswith("/cut/")))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("is_terminal", [False, True])
def test_real_downloader(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal, raising=False)
    file = FileInfo("a.gz", "images", ("all",))
    url = f"{address}/a.gz"
    fetch_module._make_downloader(file, url)(url, str(tmp_path / "a.gz"), None)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT["a.gz"]


@pytest.mark.parametrize("folder", ["cut", "moved"])
def test_real_downloader_notices_trouble(address: str, tmp_path: Path, folder: str) -> None:
    file = FileInfo("a.gz", "images", ("all",))
    url = f"{address}/{folder}/a.gz"
    with pytest.raises(OSError, match=r"not https|IncompleteRead|Connection broken"):
        fetch_module._make_downloader(file, url)(url, str(tmp_path / "a.gz"), None)


def test_progress_bar_speaks_as_pooch_expects() -> None:
    bar = fetch_module._Progress()
    bar.total = 10
    bar.update(4)
    bar.reset()
    bar.update(10)
    assert bar.total == 10
    bar.close()
