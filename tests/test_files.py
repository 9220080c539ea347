"""Files and folders: whole under their names or not at all, and nobody else's is ever replaced."""

import contextlib
import errno
import fcntl
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import threading

import pytest

from wordvec.system import files, folders
from wordvec.system.files import check_target, sweep, write_atomically, write_path_atomically
from wordvec.system.folders import Kind, check_folder, scratch_folder, write_folder

BOXES = Kind("a box", re.compile(r"lid|[ab]"), lambda folder: (folder / "lid").exists())
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch):
    """Both ways to write: without a name (O_TMPFILE), and under a hidden one."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system has no O_TMPFILE")
    return request.param


def put(path, data=b"new", force=False):
    with write_atomically(path, force=force) as file:
        file.write(data)


def names(folder):
    return sorted(os.listdir(folder))


def test_a_file_appears_when_the_block_ends(way, tmp_path):
    with write_atomically(tmp_path / "v") as file:
        file.write(b"all of it")
        hidden = names(tmp_path)
        assert hidden == [] if way == "nameless" else hidden[0].startswith(".wordvec-")
    assert names(tmp_path) == ["v"]
    assert (tmp_path / "v").read_bytes() == b"all of it"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_mode_that_the_umask_gives(way, tmp_path, umask):
    before = os.umask(umask)
    try:
        put(tmp_path / "v")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "v").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(way, tmp_path, error):
    put(tmp_path / "v", b"old")

    def writing():
        with write_atomically(tmp_path / "v", force=True) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        writing()
    assert names(tmp_path) == ["v"]
    assert (tmp_path / "v").read_bytes() == b"old"


def test_a_file_that_was_made_in_the_meantime_stays_and_the_new_one_is_beside_it(way, tmp_path):
    path = tmp_path / "v.wv"

    def writing():
        with write_atomically(path) as file:
            file.write(b"hours of work")
            path.write_bytes(b"theirs")

    with pytest.raises(FileExistsError, match=r"somebody else.*v\.1\.wv"):
        writing()
    assert path.read_bytes() == b"theirs"
    assert (tmp_path / "v.1.wv").read_bytes() == b"hours of work"
    assert names(tmp_path) == ["v.1.wv", "v.wv"]


def test_a_link_stays_and_its_file_is_replaced(way, tmp_path):
    put(tmp_path / "file", b"old")
    (tmp_path / "link").symlink_to("file")
    with pytest.raises(FileExistsError, match="exists already"):
        put(tmp_path / "link")
    put(tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_link_to_nothing_makes_the_file_that_it_names(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/file")
    put(tmp_path / "link")
    assert (tmp_path / "folder" / "file").read_bytes() == b"new"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o604])  # a temporary file has 0600
def test_a_file_that_is_replaced_keeps_mode_and_attributes(way, tmp_path, mode):
    path = tmp_path / "v"
    put(path, b"old")
    path.chmod(mode)
    with_attribute = True
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        with_attribute = False
    put(path, force=True)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    if with_attribute:
        assert os.getxattr(path, "user.note") == b"kept"


@pytest.mark.skipif(not ROOT, reason="only root can give files away")
def test_a_file_that_is_replaced_keeps_its_owner(way, tmp_path):
    path = tmp_path / "v"
    put(path, b"old")
    os.chown(path, 1234, 5678)
    path.chmod(0o640)
    put(path, force=True)
    about = path.stat()
    assert (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)) == (1234, 5678, 0o640)


def test_bits_of_a_group_that_cannot_be_kept_go_to_no_other_group(tmp_path, monkeypatch):
    path = tmp_path / "v"
    put(path, b"old")
    path.chmod(0o664)
    own = path.stat()
    real = os.stat

    def of_another_group(name, *args, **kwargs):
        found = real(name, *args, **kwargs)
        if str(name) != str(path):
            return found
        return os.stat_result((*found[:5], own.st_gid + 1, *found[6:]))

    def refused(*_):
        raise PermissionError

    monkeypatch.setattr(os, "stat", of_another_group)
    monkeypatch.setattr(os, "fchown", refused)
    put(path, force=True)
    monkeypatch.undo()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_pipe_gets_the_bytes_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    put(pipe, b"through the pipe", force=True)
    reader.join(10)
    assert got == [b"through the pipe"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


@pytest.mark.parametrize("force", [False, True])
def test_a_device_stays_a_device(force):
    put("/dev/null", force=force)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_the_name_of_standard_output_is_written_to(capfd):
    put("/dev/stdout", b"to the terminal\n")
    assert capfd.readouterr().out == "to the terminal\n"


def test_a_socket_is_refused(tmp_path):
    import socket

    os.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s")
        with pytest.raises(FileExistsError, match="is a socket"):
            put("s", force=True)


def test_nothing_is_written_over_an_input(tmp_path):
    text = tmp_path / "t.txt"
    text.write_text("a b c")
    (tmp_path / "link").symlink_to("t.txt")
    os.link(text, tmp_path / "hard")
    for target in ("t.txt", "link", "hard", "../" + tmp_path.name + "/t.txt"):
        with pytest.raises(FileExistsError, match="is an input"):
            check_target(tmp_path / target, force=True, inputs=["-", None, text])
    check_target(tmp_path / "new", force=True, inputs=[text])


def test_targets_that_cannot_be_are_refused_before_any_work(tmp_path):
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        check_target(tmp_path, force=True)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_target(tmp_path / "no" / "v", force=False)
    with pytest.raises(OSError, match="name too long"):
        check_target(tmp_path / ("n" * 256), force=False)
    with pytest.raises(ValueError, match="-: the result"):
        check_target("-", force=False)
    check_target(tmp_path / ("n" * 255), force=False)
    put(tmp_path / ("n" * 255))
    assert [len(name) for name in names(tmp_path)] == [255]
    with pytest.raises(OSError, match="name too long"):
        check_folder(tmp_path / ("n" * 250), BOXES, force=False, work=".partial")


def test_a_loop_of_links_is_one_error(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match=r"symbolic links|exists already"):
        put(tmp_path / "a")


KILLED = """
import os, signal, sys
if sys.argv[2] == "named":
    del os.O_TMPFILE
from wordvec.system.files import write_atomically
with write_atomically(sys.argv[1], force=True) as file:
    file.write(b"x" * 100000)
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_goes_with_the_next_write(way, tmp_path):
    target = tmp_path / "v"
    put(target, b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(target), way], check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    assert len(names(tmp_path)) == (1 if way == "nameless" else 2)
    put(tmp_path / "other")
    assert names(tmp_path) == ["other", "v"]


def test_the_sweep_leaves_what_somebody_writes_and_what_is_not_ours(way, tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    for name in (".wordvec-short.tmp", ".wordvec-0123456789abcdef.tmpx", ".v.tmp"):
        (tmp_path / name).write_text("not ours")
    left = tmp_path / ".wordvec-0123456789abcdef.tmp"
    left.write_text("of a dead process")
    folder = tmp_path / ".wordvec-00000000000000aa.tmp"
    folder.mkdir()
    (folder / "tiles.bin").write_text("half")
    with write_atomically(tmp_path / "v") as file:
        sweep(tmp_path)
        file.write(b"alive")
    assert (tmp_path / "v").read_bytes() == b"alive"
    assert not left.exists()
    assert not folder.exists()
    assert len(names(tmp_path)) == 4


def test_a_path_for_libraries_that_open_files_themselves(way, tmp_path):
    with write_path_atomically(tmp_path / "v") as name:
        with open(name, "wb") as file:
            file.write(b"one")
        with open(name, "ab") as file:
            file.write(b" two")
    assert (tmp_path / "v").read_bytes() == b"one two"


def fill(folder, text):
    for name in ("a", "lid"):
        (folder / name).write_text(text)


def made(path, text="old", force=False):
    with write_folder(path, BOXES, force=force) as folder:
        fill(folder, text)


def test_a_folder_appears_whole_and_is_replaced_by_its_kind_only(tmp_path):
    box = tmp_path / "box"
    made(box)
    with pytest.raises(FileExistsError, match="exists already"):
        made(box)
    made(box, "new", force=True)
    assert (box / "a").read_text() == "new"
    assert names(tmp_path) == ["box"]
    (box / "letters.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"letters\.txt, which is not part of a box"):
        made(box, force=True)
    (box / "letters.txt").unlink()
    (box / "lid").unlink()
    with pytest.raises(FileExistsError, match="it is not a box"):
        made(box, force=True)
    assert names(tmp_path) == ["box"]


def test_an_empty_folder_may_be_filled_and_one_with_an_input_never(tmp_path):
    box = tmp_path / "box"
    box.mkdir()
    made(box)
    with pytest.raises(FileExistsError, match="is an input"):
        check_folder(box, BOXES, force=True, inputs=[box])
    with pytest.raises(FileExistsError, match="holds the input"):
        check_folder(box, BOXES, force=True, inputs=[box / "a"])


def test_folders_in_use_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (".", "..", tmp_path, "/"):
        with pytest.raises(FileExistsError, match="in use"):
            check_folder(name, BOXES, force=True)
    with pytest.raises(ValueError, match="standard output"):
        check_folder("-", BOXES, force=True)
    put("file")
    with pytest.raises(FileExistsError, match="name a folder"):
        check_folder("file", BOXES, force=True)


@pytest.mark.parametrize("exchange", ["in one step", "in two steps"])
def test_a_folder_keeps_its_mode_and_a_link_to_it_stays(tmp_path, monkeypatch, exchange, caplog):
    if exchange == "in two steps":
        monkeypatch.setattr(folders, "exchange", lambda *_: False)
    box, link = tmp_path / "box", tmp_path / "link"
    made(box)
    box.chmod(0o750)
    link.symlink_to("box")
    made(link, "new", force=True)
    assert link.is_symlink()
    assert (box / "a").read_text() == "new"
    assert stat.S_IMODE(box.stat().st_mode) == 0o750
    assert names(tmp_path) == ["box", "link"]
    assert ("cannot exchange" in caplog.text) == (exchange == "in two steps")


def test_two_steps_that_fail_in_the_middle_leave_the_old_folder(tmp_path, monkeypatch):
    box = tmp_path / "box"
    made(box)
    real, seen = os.rename, []

    def failing(source, target):
        seen.append(source)
        if len(seen) == 3:  # aside is done, the new folder comes
            raise OSError(errno.EIO, "broken")
        real(source, target)

    monkeypatch.setattr(folders, "exchange", lambda *_: False)
    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(OSError, match="broken"):
        made(box, "new", force=True)
    assert (box / "a").read_text() == "old"
    assert names(tmp_path) == ["box"]


@pytest.mark.parametrize("left", [0, 1])
@pytest.mark.parametrize("make", [lambda path: write_folder(path / "box", BOXES), scratch_folder])
def test_a_folder_is_removed_with_the_last_descriptor(left, make, tmp_path, monkeypatch):
    """`ulimit -n`: none is left to look into it, or none to open it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    arguments = [tmp_path] if make is not scratch_folder else []
    taken, limits = [], resource.getrlimit(resource.RLIMIT_NOFILE)

    def take():
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(left):
            os.close(taken.pop())

    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    real = os.mkdir

    def mkdir(*args):
        real(*args)
        take()

    monkeypatch.setattr(os, "mkdir", mkdir)
    try:
        with pytest.raises(OSError, match="open files"), make(*arguments) as folder:
            (folder / "a").write_text("no descriptor is left for it")
    finally:
        for each in taken:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert names(tmp_path) == []


@pytest.mark.parametrize("when", ["before it is opened", "while it is locked", "before its lock"])
def test_a_folder_that_another_process_sweeps_away_is_made_again(when, tmp_path, monkeypatch):
    """It has no lock yet when it is made."""
    lock, mkdir, seen = folders.lock, os.mkdir, []

    def swept_at_once(path, mode):
        mkdir(path, mode)
        seen.append(path)
        if len(seen) == 1:
            os.rmdir(path)

    def swept(descriptor):
        seen.append(descriptor)
        if len(seen) == 1:
            (hidden,) = tmp_path.iterdir()
            if when == "while it is locked":
                return False
            hidden.rmdir()
        return lock(descriptor)

    if when == "before it is opened":
        monkeypatch.setattr(os, "mkdir", swept_at_once)
    else:
        monkeypatch.setattr(folders, "lock", swept)
    made(tmp_path / "box", "new")
    assert len(seen) == 2
    assert (tmp_path / "box" / "a").read_text() == "new"


def test_a_signal_in_the_middle_of_a_replacement_waits_for_its_end(tmp_path, monkeypatch):
    """Else the older folder would stay under a hidden name."""
    box, exchange, came = tmp_path / "box", folders.exchange, []
    made(box)

    def interrupted(one, other):
        signal.raise_signal(signal.SIGINT)
        came.append(signal.SIGINT)  # it goes on
        return exchange(one, other)

    monkeypatch.setattr(folders, "exchange", interrupted)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        made(box, "new", force=True)
    assert came
    assert (box / "a").read_text() == "new"
    assert names(tmp_path) == ["box"]
    assert signal.getsignal(signal.SIGINT) is before


def test_there_is_a_folder_at_every_moment(tmp_path):
    """While one process replaces a folder many times, another never misses it."""
    box = tmp_path / "box"
    made(box)
    if not folders.exchange(box, box):
        pytest.skip("this file system cannot exchange two names")
    stop, missed, looked = threading.Event(), [], [0]

    def look():
        while not stop.is_set():
            looked[0] += 1
            if not (box / "lid").exists() and not (box / "lid").exists():
                missed.append(looked[0])

    watcher = threading.Thread(target=look)
    watcher.start()
    for i in range(200):
        made(box, str(i), force=True)
    stop.set()
    watcher.join()
    assert looked[0] > 100
    assert not missed


def test_a_lock_names_its_holder(tmp_path):
    one = os.open(tmp_path, os.O_RDONLY)
    other = os.open(tmp_path, os.O_RDONLY)
    try:
        assert files.lock(one)
        assert not files.lock(other)
        assert files.lock_holder(other) in (f"process {os.getpid()}", "another process")
        fcntl.flock(one, fcntl.LOCK_UN)
        assert files.lock(other)
    finally:
        os.close(one)
        os.close(other)


def test_a_folder_that_cannot_be_written_to_is_named_before_any_work(tmp_path, monkeypatch):
    def refused(path, *_args, **_kwargs):
        raise OSError(errno.EROFS, "Read-only file system", path)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(OSError, match="Read-only") as caught:
        check_target(tmp_path / "v", force=False)
    assert caught.value.filename == tmp_path


def test_a_process_name_that_is_not_ascii_does_not_matter(tmp_path):
    code = (
        "import ctypes; ctypes.CDLL(None).prctl(15, b'\\xff\\xfe', 0, 0, 0)\n"
        "from wordvec.system.files import write_atomically\n"
        "from wordvec.system.memory import peak_memory\n"
        f"with write_atomically({str(tmp_path / 'v')!r}) as file: file.write(b'x')\n"
        "assert peak_memory() > 1 << 20\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert done.stderr == ""
