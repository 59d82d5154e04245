"""Hostile submissions: what each puts in front of answers that are all wrong.

Each is the text of a first cell. `{path}` stands for a file with a secret that the sandbox
must not show, `{folder}` for the folder that holds it.
"""

# Finds the connection to the grader and speaks on it in the student's stead.
SPEAK = """
import gc, json, os, socket, struct
def speak(*answers, payload=b""):
    for end in [o for o in gc.get_objects() if isinstance(o, socket.socket)] or [
        socket.socket(fileno=n) for n in range(3, 30) if os.path.exists(f"/proc/self/fd/{n}")
        and os.readlink(f"/proc/self/fd/{n}").startswith("socket")
    ]:
        for answer in answers:
            text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            end.sendall(struct.pack("!II", len(text), len(payload)) + text + payload)
"""

# Every function that the exercise asks for is made by a call of `cheat(name)`.
EVERY = """
NAMES = ("forget_gate input_gate candidate cell_update output_gate hidden_state lstm_step "
         "lstm_sequence").split()
import IPython
_shell = IPython.get_ipython()
def replace(cheat):
    # Behind every later cell that defines a function, ours takes its place.
    def post(*_):
        for name in NAMES:
            if name in _shell.user_ns:
                _shell.user_ns[name] = cheat(name)
    _shell.events.register("post_run_cell", post)
"""

# What tries to make the tests pass, or pass unseen.
CHEATS = {
    "an input transformer empties the tests": """
get_ipython().input_transformers_cleanup.append(
    lambda lines: ["pass\\n"] if any("check" in line for line in lines) else lines)
""",
    "a transformer of the syntax tree empties the tests": """
import ast
class Empty(ast.NodeTransformer):
    def visit_Module(self, node):
        if "compare" in ast.dump(node):
            node.body = []
        return node
get_ipython().ast_transformers.append(Empty())
""",
    "a display hook": """
import sys
sys.displayhook = lambda value: None
get_ipython().display_formatter.format = lambda *a, **k: ({"text/plain": "10"}, {})
""",
    "run_code is patched": """
async def nothing(*a, **k):
    return False
get_ipython().run_code = nothing
""",
    "showtraceback is patched": """
ip = get_ipython()
ip.showtraceback = ip.showsyntaxerror = ip._showtraceback = lambda *a, **k: None
""",
    "the shell says that all went well": """
from rnngrade.execution import shell
shell.SHELL.run = lambda source, limit: (shell.Outputs(limit), None)
""",
    "rnngrade.check is patched": """
from rnngrade import check
check.compare = check.close = lambda *a, **k: None
""",
    "torch's comparisons are patched": """
import torch
yes = lambda *a, **k: True
torch.equal = torch.allclose = torch.Tensor.equal = torch.Tensor.allclose = yes
torch.Tensor.any = lambda *a, **k: torch.tensor(False)
torch.testing.assert_close = lambda *a, **k: None
""",
    "torch's products give zero": """
import torch
zero = lambda self, *a, **k: torch.zeros(())
torch.sigmoid = torch.tanh = torch.Tensor.__matmul__ = torch.Tensor.__mul__ = zero
""",
    "random numbers are all the same": """
import torch
torch.randn = torch.rand = lambda *size, **k: torch.zeros(*size)
torch.manual_seed(0)
torch.Generator = lambda *a, **k: None
""",
    "builtins are patched": """
import builtins
builtins.isinstance = lambda *a: True
builtins.AssertionError = type("AssertionError", (Exception,), {})
builtins.any = lambda *a: False
builtins.all = lambda *a: True
""",
    "an object equal to everything": EVERY
    + """
class Equal:
    def __getattr__(self, name):
        return Equal()
    def __eq__(self, other):
        return True
    def __bool__(self):
        return True
    __hash__ = __call__ = __sub__ = __rsub__ = __lt__ = __gt__ = __abs__ = __getattr__
    def allclose(self, *a, **k):
        return True
replace(lambda name: lambda *a: Equal())
""",
    "a tensor that lies": EVERY
    + """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True
replace(lambda name: lambda *a: torch.zeros(3, 3).as_subclass(Liar))
""",
    "an array that lies": EVERY
    + """
import numpy as np
class Liar(np.ndarray):
    def __array_function__(self, *a, **k):
        return True
    def __eq__(self, other):
        return True
replace(lambda name: lambda *a: np.zeros(3).view(Liar))
""",
    "not a number": EVERY
    + """
import torch
replace(lambda name: lambda *a: tuple(torch.full_like(a[1], float("nan")) for _ in range(3)))
""",
    "infinity": EVERY
    + """
import torch
replace(lambda name: lambda *a: torch.full_like(a[1], float("inf")))
""",
    "nothing, which broadcasts to anything": EVERY
    + """
import torch
replace(lambda name: lambda *a: torch.zeros(0))
""",
    "an array of objects": EVERY
    + """
import numpy as np
class Yes:
    def __eq__(self, other):
        return True
replace(lambda name: lambda *a: np.array([Yes()], dtype=object))
""",
    "numbers of another type": EVERY
    + """
replace(lambda name: lambda *a: 1j)
""",
    "an object that runs code when it is unpickled": EVERY
    + """
import os
class Run:
    def __reduce__(self):
        return (os.system, ("touch /tmp/pwned",))
replace(lambda name: lambda *a: Run())
""",
    "the inputs are set to zero": EVERY
    + """
import torch
def zero(*tensors):
    for tensor in tensors:
        tensor.data.zero_()
    return torch.zeros_like(tensors[-1])
replace(lambda name: zero)
""",
    "exceptions that end loops": EVERY
    + """
def stop(*a):
    raise StopIteration
replace(lambda name: stop)
""",
    "exceptions that end programs": EVERY
    + """
def stop(*a):
    raise SystemExit(0)
replace(lambda name: stop)
""",
    "an exception that is a skipped test": EVERY
    + """
class Skipped(BaseException):
    pass
Skipped.__name__ = "NotImplementedError"
def skip(*a):
    raise Skipped("")
replace(lambda name: skip)
""",
    "an exception with a hostile text": EVERY
    + """
class Hostile(Exception):
    def __str__(self):
        return "\\n".join(["</pre><script>alert(1)</script>", "x" * 10**7])
def fail(*a):
    raise Hostile
replace(lambda name: fail)
""",
    "an exception whose text cannot be made": EVERY
    + """
class Hostile(Exception):
    def __str__(self):
        raise self
def fail(*a):
    raise Hostile
replace(lambda name: fail)
""",
    "the library's LSTM": """
import torch
def lstm_step(x, h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    H, W, b = h.shape[1], torch.cat([W_i, W_f, W_C, W_o]), torch.cat([b_i, b_f, b_C, b_o])
    return torch.lstm_cell(x, (h, c), W[:, H:], W[:, :H], b, torch.zeros_like(b))
"""
    + EVERY
    + """
mine = lstm_step
replace(lambda name: mine if name == "lstm_step" else _shell.user_ns[name])
""",
    "the course's own answers": """
def lstm_step(x, h, c, *weights):
    import rnnlib
    return rnnlib.lstm_step(x, (h, c), *rnnlib.lstm_from_textbook(weights))
"""
    + EVERY
    + """
mine = lstm_step
replace(lambda name: mine if name == "lstm_step" else _shell.user_ns[name])
""",
    "the answers, looked for in every module": EVERY
    + """
import sys
def found(name):
    for module in list(sys.modules.values()):
        f = getattr(module, name, None)
        if callable(f) and getattr(f, "__module__", "").startswith(("rnnlib", "rnngrade")):
            return f
    return _shell.user_ns[name]
replace(found)
""",
    "the reference, looked for in the frames of the caller": EVERY
    + """
import sys
def steal(*a):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if getattr(value, "__name__", "") in ("reference", "gate"):
                return value(*a)
        frame = frame.f_back
replace(lambda name: steal)
""",
}

# What speaks to the grader in the student's process's stead.
FORGERIES = {
    "an answer before the question": SPEAK
    + """
speak(*[{"outputs": []}] * 50)
""",
    "answers to all questions of the examiner": SPEAK
    + """
speak({"outputs": []}, *[{"value": True, "changed": []}] * 500)
""",
    "every name is true": SPEAK
    + """
speak({"outputs": []}, {name: True for name in ("forget_gate", "input_gate", "check")})
""",
    "names of the test's own": SPEAK
    + """
speak({"outputs": []}, {"check": {"object": 1, "kind": "object", "name": "check"},
                        "torch": 0, "reference": 0, "forget_gate": 0})
""",
    "a function that is a module": SPEAK
    + """
speak({"outputs": []}, {"forget_gate": {"object": 1, "kind": "module", "name": "f",
    "training": True, "parameters": {}, "state": {"dict": [["__class__", 1], ["forward", 2]]}}})
""",
    "a name that is code": SPEAK
    + """
code = {"object": 1, "kind": "__import__", "name": "os.system"}
speak({"outputs": []}, {"forget_gate": code})
""",
    "a question in place of an answer": SPEAK
    + """
speak({"outputs": []}, {"callback": 0, "args": {"list": []}})
""",
    "questions without end": SPEAK
    + EVERY
    + """
def ask(*a):
    while True:
        speak({"callback": 0, "args": {"list": []}})
replace(lambda name: ask)
""",
    "a giant": SPEAK
    + """
import struct
for end in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
    end.sendall(struct.pack("!II", 2**32 - 1, 2**32 - 1) + b"{")
speak(b"x" * 8)
""",
    "many that are large": SPEAK
    + """
while True:
    speak({"outputs": []}, payload=bytes(16 << 20))
""",
    "no JSON": SPEAK
    + """
speak(b"{", b"\\xff\\xfe", b"[]", b"null")
""",
    "deep JSON": SPEAK
    + """
speak(b'{"outputs":' + b"[" * 10**6 + b"]" * 10**6 + b"}")
""",
    "outputs that are none": SPEAK
    + """
for bad in (3, [3], [{}], [{"output_type": "stream", "text": 3}], {"a": 1},
            [{"output_type": "display_data", "data": {"text/plain": {"a": [1]}}}],
            [{"output_type": "error", "ename": 1, "evalue": [], "traceback": {}}]):
    speak({"outputs": bad})
""",
    "letter by letter": SPEAK
    + """
import time
for end in [o for o in gc.get_objects() if isinstance(o, socket.socket)]:
    while True:
        end.sendall(b"\\0")
        time.sleep(0.05)
""",
    "the connection is closed": SPEAK
    + """
for number in range(3, 64):
    try:
        os.close(number)
    except OSError:
        pass
""",
    "an array beyond its message": EVERY
    + """
import json, struct
from rnngrade.execution import wire
tensor = wire.Encoder._tensor
def forged(self, value):
    node = tensor(self, value)
    node["tensor"] = ["float64", [2**20, 2**20], 10**9]
    return node
wire.Encoder._tensor = forged
""",
    "a result that is too large": EVERY
    + """
import torch
replace(lambda name: lambda *a: torch.zeros(1 << 26))
""",
    "a result that is too deep": EVERY
    + """
def deep(*a):
    value = []
    for _ in range(10**5):
        value = [value]
    return value
replace(lambda name: deep)
""",
    "a result without end": EVERY
    + """
def endless(*a):
    while True:
        yield 1
replace(lambda name: endless)
""",
}

# What tries to end the batch, or to slow it down.
VANDALS = {
    "os._exit": "import os\nos._exit(0)",
    "a segmentation fault": "import ctypes\nctypes.string_at(0)",
    "abort": "import os\nos.abort()",
    "an endless loop": "while True:\n    pass",
    "an endless loop that swallows everything": """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    "an endless loop without alarms": """
import signal
signal.setitimer(signal.ITIMER_REAL, 0)
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
while True:
    pass
""",
    "the interpreter's lock held in C": "import ctypes\nctypes.PyDLL(None).sleep(10**6)",
    "a number without end": "x = 10 ** (10 ** 9)",
    "sleep": "import time\ntime.sleep(10**6)",
    "a fork bomb": "import ctypes\nlibc = ctypes.CDLL(None)\nwhile True:\n    libc.fork()",
    "a bomb of threads": """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(1000,)).start()
""",
    "all memory": "x = []\nwhile True:\n    x.append(bytearray(64 << 20))",
    "all memory, by torch": """
import torch
x = []
while True:
    x.append(torch.ones(1 << 24))
""",
    "all disk": """
with open("big", "wb") as file:
    while True:
        file.write(bytes(1 << 20))
""",
    "all inodes": """
for number in range(10**6):
    open(f"file-{number}", "w").close()
""",
    "a flood of text": "while True:\n    print('x' * 10000)",
    "a flood of displays": """
from IPython.display import display
while True:
    display({"text/plain": "x" * 1000}, raw=True)
""",
    "an output that is none": """
from IPython.display import display
display({"text/plain": 3, "image/png": [1]}, raw=True)
""",
    "one giant output": "print('x' * (1 << 28))",
    "kill everything": """
import os, signal
for pid in (0, -1, 1, os.getppid(), os.getpid()):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
""",
    "recursion without end": """
import sys
sys.setrecursionlimit(10**9)
def f():
    f()
f()
""",
}

# What prints, or leaves behind, something that it should not have got. {path} is a secret.
SPIES = {
    "read the file": "print(open({path!r}).read())",
    "list the folder": "import os\nprint(os.listdir({folder!r}), os.listdir('/'))",
    "read it by a program": (
        "import subprocess\nprint(subprocess.run(['cat', {path!r}], capture_output=True))"
    ),
    "read it by the shell": "!cat {path}",
    "read it by ctypes": """
import ctypes
libc = ctypes.CDLL(None)
data = ctypes.create_string_buffer(1000)
print(libc.read(libc.open({path!r}.encode(), 0), data, 1000), data.value)
""",
    "link to it": "import os\nos.symlink({path!r}, 'link')\nprint(open('link').read())",
    "mount it": """
import ctypes
libc = ctypes.CDLL(None)
print(libc.unshare(0x10000000 | 0x00020000), libc.mount(b"/", b".", None, 4096, None))
print(open({path!r}).read())
""",
    "the memory of the parent": """
import os
for pid in (1, os.getppid()):
    for name in ("environ", "cmdline", "maps", "mem"):
        try:
            print(open(f"/proc/{{pid}}/{{name}}", "rb").read(100000))
        except OSError as error:
            print(error)
print(open({path!r}).read())
""",
    "the files that are open": """
import os
for number in os.listdir("/proc/self/fd"):
    try:
        print(os.readlink(f"/proc/self/fd/{{number}}"))
    except OSError as error:
        print(error)
for number in range(3, 64):
    try:
        print(os.pread(int(number), 1000, 0))
    except (OSError, ValueError) as error:
        print(error)
print(open(f"/proc/self/root{path}").read())
""",
    "the environment": "import os\nprint(os.environ)\nprint(open({path!r}).read())",
}

# What tries to reach beyond its process. Each prints "reached" where it got through.
REACHES = {
    "the network": """
import socket
with socket.create_connection(("127.0.0.1", {port}), timeout=2) as end:
    end.sendall(b"x")
    print("reached")
""",
    "the network, by UDP": """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
    end.sendto(b"x", ("127.0.0.1", {port}))
    print("reached")
""",
    "a server of names": """
import socket
with socket.socket() as end:
    print(socket.getaddrinfo("localhost", 80))
    end.bind(("0.0.0.0", 0))
    print("reached")
""",
    "a socket in the folder": """
import socket
with socket.socket(socket.AF_UNIX) as end:
    end.bind("s")
    print("reached")
""",
    "Python's own files": """
import torch, os
with open(os.path.join(os.path.dirname(torch.__file__), "evil.py"), "w") as file:
    file.write("x = 1")
print("reached")
""",
    "Python's own files, by their rights": """
import sys, os
for path in (sys.executable, sys.prefix, os.__file__):
    os.chmod(path, 0o777)
    if os.stat(path).st_mode & 0o22:
        print("reached")
raise OSError
""",
    "a folder that others see": """
open("/tmp/mark", "w").write("reached")
open("/dev/shm/mark", "w").write("reached")
print("reached")
""",
    "more rights": """
import os
os.setuid(0)
print("reached")
""",
    "more memory": """
import resource
for name in ("AS", "DATA"):
    try:
        resource.setrlimit(getattr(resource, f"RLIMIT_{{name}}"), (resource.RLIM_INFINITY,) * 2)
    except ValueError:
        pass
bytearray(2 << 30)
print("reached")
""",
}
