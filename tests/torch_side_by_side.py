#!/usr/bin/env python3
"""Longplay's network beside the same network in PyTorch: are the outputs and the gradient equal, and which is faster?

    tests/torch_side_by_side.py --longplay build/longplay --device cuda --size base     # exit 1 when something differs
    tests/torch_side_by_side.py --longplay build/longplay --device cpu                  # everything, small

Checks. `longplay bench policy --save` and `longplay bench learn --save` write weights, inputs and outputs into one file. Outputs are
computed again here in float32 (no TF32), the gradient in float64 by autograd. Error: the largest difference over 1 plus the value's size
(outputs); the norm of the difference over that of the tensor and 1e-5 of the whole (gradient). It must be at most --tolerance.

Times. Longplay and PyTorch in turns, in one run, medians. PyTorch has it easy: its inputs wait in pinned memory and go up as one copy, the
vectors of the context and the whole rollout are on the card already, nothing is gathered from a table. It is tried eager, as CUDA graphs,
compiled, and compiled inside CUDA graphs; the best counts. A ratio above 1 says that Longplay is faster.

Needs torch and the standard library. Python 3.9.
"""
import argparse
import contextlib
import json
import math
import os
import shlex
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import torch
import torch.nn.functional as F

CORES = ("none", "gru", "mingru", "lstm", "lru", "delta")
DELTA_DIM = 16
WRONG = 1e30  # an error that cannot be told: NaN, another shape


# ---- files

def read_safetensors(path, device):
    """-> tensors by name in the file's order, notes"""
    types = {"F32": torch.float32, "I32": torch.int32, "U8": torch.uint8}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    notes = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        part = torch.frombuffer(data[begin:end], dtype=types[entry["dtype"]]) if end > begin else torch.empty(0, dtype=types[entry["dtype"]])
        tensors[name] = part.reshape(entry["shape"]).to(device)
    return tensors, notes


def split(tensors):
    """-> weights, inputs, outputs"""
    part = lambda prefix: {name[len(prefix):]: t for name, t in tensors.items() if name.startswith(prefix)}
    return {name: t for name, t in tensors.items() if not name.startswith(("in.", "out."))}, part("in."), part("out.")


# ---- the network of policy/model.c and policy/core.c

class Network(torch.nn.Module):
    def __init__(self, weights, notes):
        super().__init__()
        self.heads, self.dim, self.core, self.join = int(notes["heads"]), int(notes["dim"]), notes["core"], notes.get("join", "head")
        self.biased, self.scalable = notes.get("bias", "salience") == "salience", notes.get("softmax", "plain") == "scalable"
        for name, tensor in weights.items():
            self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(tensor.clone()))

    def linear(self, x, name, bias=True):
        return F.linear(x, getattr(self, name + "_weight"), getattr(self, name + "_bias") if bias else None)

    def conv(self, x, name, stride):  # weights lie as [out][k][k][in]
        return F.relu(F.conv2d(x, getattr(self, name + "_weight").permute(0, 3, 1, 2), getattr(self, name + "_bias"), stride))

    def encode(self, pixels, last_action):
        x = pixels.to(self.conv1_weight.dtype).div(255).sub(0.5).unsqueeze(1)
        x = self.conv(self.conv(x, "conv1", 4), "conv2", 2).permute(0, 2, 3, 1).flatten(1)
        last = last_action.long()
        return F.relu(self.linear(x, "features") + self.action_weight[last.clamp(min=0)] * (last >= 0).unsqueeze(1))

    def hear(self, f):
        return self.linear(f, "core_x", self.core != "lru")

    def cell(self, x, h):
        """-> the state after"""
        if self.core == "gru":
            (xr, xz, xc), (ur, uz, uc) = x.chunk(3, -1), self.linear(h, "core_h").chunk(3, -1)
            z = torch.sigmoid(xz + uz)
            return z * h + (1 - z) * torch.tanh(xc + torch.sigmoid(xr + ur) * uc)
        if self.core == "mingru":
            xz, xc = x.chunk(2, -1)
            z = torch.sigmoid(xz)
            return z * h + (1 - z) * xc
        if self.core == "lstm":
            y, c = h.chunk(2, -1)
            i, f, g, o = (x + self.linear(y, "core_h", False)).chunk(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            return torch.cat([torch.sigmoid(o) * torch.tanh(c), c], -1)
        if self.core == "lru":
            nu, theta, gamma = self.core_lambda_weight
            (hr, hi), (xr, xi), size = h.chunk(2, -1), x.chunk(2, -1), torch.exp(-torch.exp(nu))
            re, im = size * torch.cos(torch.exp(theta)), size * torch.sin(torch.exp(theta))
            return torch.cat([re * hr - im * hi + torch.exp(gamma) * xr, im * hr + re * hi + torch.exp(gamma) * xi], -1)
        k, v, _, beta = self.delta_parts(x)
        s = h.unflatten(-1, (-1, DELTA_DIM, DELTA_DIM))
        miss = v - (s @ k.unsqueeze(-1)).squeeze(-1)
        return (s + (beta * miss).unsqueeze(-1) * k.unsqueeze(-2)).flatten(-3)

    @staticmethod
    def delta_parts(x):
        """-> key, value, query [..][heads][dim], beta [..][heads][1]"""
        heads = x.shape[-1] // (3 * DELTA_DIM + 1)
        k, v, q = x[..., :3 * heads * DELTA_DIM].unflatten(-1, (3, heads, DELTA_DIM)).unbind(-3)
        unit = lambda t: t * torch.rsqrt(t.square().sum(-1, keepdim=True) + 1e-6)
        return unit(k), v, unit(q), torch.sigmoid(x[..., 3 * heads * DELTA_DIM:]).unsqueeze(-1)

    def given(self, x, h):
        """What a core gives, of what the frame says and the state after"""
        if self.core in ("gru", "mingru"):
            return h
        if self.core == "lstm":
            return h.chunk(2, -1)[0]
        if self.core == "delta":
            h = (h.unflatten(-1, (-1, DELTA_DIM, DELTA_DIM)) @ self.delta_parts(x)[2].unsqueeze(-1)).squeeze(-1).flatten(-2)
        return self.linear(h, "core_out", False)

    def remember(self, g):
        item = self.linear(g, "item")
        salience = self.linear(item, "salience").squeeze(-1)
        if hasattr(self, "salience_square"):
            salience = salience + (item.square() @ self.salience_square.reshape(-1, 1)).squeeze(-1)
        return item, salience, self.linear(g, "query").unflatten(-1, (self.heads, self.dim))

    def read(self, q, items, bias, mask, order=None):
        """q [..][heads][dim], items [..][rows][dim], bias [..][heads][rows], mask [..][1][rows], order [..][heads][2] -> [..][heads * dim]"""
        sharpness = torch.log(mask.sum(-1, keepdim=True).to(q.dtype).clamp(min=1)) / math.log(64) if self.scalable else 1
        score = ((q @ items.transpose(-1, -2) + bias) * sharpness).masked_fill(~mask, torch.finfo(q.dtype).min)
        if order is not None:  # rows are in order, the oldest first
            mass = torch.softmax(score, -1) * mask
            place = mass.flip(-1).cumsum(-1).flip(-1) - mass
            score = (score + order[..., :1] * place + order[..., 1:] * place.square()).masked_fill(~mask, torch.finfo(q.dtype).min)
        return (torch.softmax(score, -1) * mask @ items).flatten(-2)

    def order(self, g):
        return self.linear(g, "order").unflatten(-1, (self.heads, 2)) if hasattr(self, "order_weight") else None

    def decide(self, g, read):
        read = self.linear(read, "head_read", False)
        z = self.linear(g + read, "head_feature", False) if self.join == "sight" else self.linear(g, "head_feature", False) + read
        z = F.relu(z + self.head_bias)
        return self.linear(z, "policy"), self.linear(z, "value").squeeze(-1)

    def act(self, pixels, last_action, count, items, salience, level, age, state):
        """One decision a row -> logit, value, item, salience, state after"""
        g = self.encode(pixels, last_action)
        if self.core != "none":
            x = self.hear(g)
            state = self.cell(x, state)
            g = g + self.given(x, state)
        item, own_salience, q = self.remember(g)
        scaled, shape = q / math.sqrt(self.dim), (-1, self.heads, -1)
        bias = (scaled @ self.level_key_weight.T).gather(2, level.long().unsqueeze(1).expand(shape)) + \
               (scaled @ self.age_key_weight.T).gather(2, age.long().unsqueeze(1).expand(shape))
        if self.biased:
            bias = bias + salience.unsqueeze(1)
        mask = torch.arange(items.shape[1], device=items.device) < count.unsqueeze(1)
        logit, value = self.decide(g, self.read(scaled, items, bias, mask.unsqueeze(1), self.order(g)))
        return logit, value, item, own_salience, state

    def segments(self, b):
        """Whole segments; b holds tensors [envs][steps].. -> logit, value. Items made inside a segment are read with their gradient."""
        envs, steps = b["action"].shape
        f = self.encode(b["pixels"].flatten(0, 1), b["last_action"].flatten()).unflatten(0, (envs, steps))
        if self.core != "none":
            x, h, after = self.hear(f), b["state"], []
            alive = 1 - b["end"].to(f.dtype)
            for t in range(steps):
                h = self.cell(x[:, t], h if t == 0 else h * alive[:, t - 1:t])
                after.append(h)
            f = f + self.given(x, torch.stack(after, 1))
        item, salience, q = self.remember(f)
        items, saliences = torch.cat([b["items"], item], 1), torch.cat([b["salience"], salience], 1)
        scaled = q / math.sqrt(self.dim)
        keys = torch.cat([self.level_key_weight, self.age_key_weight])
        level, age = (torch.arange(n, device=q.device).unsqueeze(1) for n in (len(self.level_key_weight), len(self.age_key_weight)))
        which = torch.cat([b["level"].unsqueeze(2) == level, b["age"].unsqueeze(2) == age], 2).to(q.dtype)  # [envs][steps][keys][rows]
        bias = scaled @ keys.T @ which
        if self.biased:
            bias = bias + saliences[:, None, None]
        return self.decide(f, self.read(scaled, items.unsqueeze(1), bias, b["mask"].unsqueeze(2), self.order(f)))


# ---- PPO as policy/learn.c does it

def gae(b, gamma, decay):
    """-> advantage, target, of all environments"""
    alive = 1 - b["end"].to(b["value"].dtype)
    delta = b["reward"] + gamma * alive * b["value"][:, 1:] - b["value"][:, :-1]
    advantage, after = torch.empty_like(delta), torch.zeros_like(delta[:, 0])
    for t in reversed(range(delta.shape[1])):
        after = delta[:, t] + gamma * decay * alive[:, t] * after
        advantage[:, t] = after
    return advantage, advantage + b["value"][:, :-1]


def spread(b):
    """Which row is read by which decision, at which level and age: from lists of rows to tables [envs][steps][rows]"""
    envs, steps, context = b["row"].shape
    rows = context + steps
    there = torch.arange(context, device=b["row"].device) < b["count"].unsqueeze(2)
    at = torch.where(there, b["row"].long(), rows)  # the others go into a column that is dropped
    table = lambda values: torch.zeros(envs, steps, rows + 1, dtype=values.dtype, device=values.device).scatter_(2, at, values)[:, :, :rows]
    return {"mask": table(there), "level": table(b["level"]), "age": table(b["age"])}


def ppo_loss(network, b, s):
    """Mean over the decisions of b"""
    logit, value = network.segments(b)
    logp = F.log_softmax(logit.flatten(0, 1), -1)
    ratio = torch.exp(logp.gather(1, b["action"].long().reshape(-1, 1)).squeeze(1) - b["logp"].flatten())
    advantage = b["advantage"].flatten()
    policy = -torch.minimum(ratio * advantage, ratio.clamp(1 - s["clip"], 1 + s["clip"]) * advantage)
    entropy = -(logp.exp() * logp).sum(1)
    error = (value.flatten() - b["target"].flatten()) ** 2 / 2
    return (policy + s["value_weight"] * error - s["entropy_weight"] * entropy).mean()


class Learner:
    """One update: prepare() once, step() for every minibatch; both may be replaced by the replay of a CUDA graph."""
    BY_ENVIRONMENT = ("pixels", "last_action", "action", "logp", "end", "state", "items", "salience", "advantage", "target", "mask", "level", "age")

    def __init__(self, network, rollout, settings, device, compiled, graphs):
        self.network, self.raw, self.settings = network, rollout, settings
        self.envs = rollout["action"].shape[0]
        self.index = torch.zeros(self.envs // int(settings["minibatches"]), dtype=torch.long, device=device)
        cuda = device == "cuda"
        self.adam = torch.optim.Adam(network.parameters(), settings["rate"], (0.9, settings["beta2"]), 1e-5, **({"fused": True, "capturable": True} if cuda else {}))
        self.loss = torch.compile(ppo_loss, mode=compiled, dynamic=False) if compiled else ppo_loss
        self.b = {}
        self.prepare()
        if graphs:
            self.prepare, self.step = capture(self.prepare), capture(self.step, lambda: self.adam.zero_grad(set_to_none=True))

    def prepare(self):
        now = dict(self.raw, **spread(self.raw))
        now["advantage"], now["target"] = gae(self.raw, self.settings["gamma"], self.settings["lambda"])
        now["advantage"] = (now["advantage"] - now["advantage"].mean()) / (now["advantage"].std(unbiased=False) + 1e-8)
        for name in self.BY_ENVIRONMENT:
            self.b.setdefault(name, now[name]).copy_(now[name])

    def step(self):
        self.adam.zero_grad(set_to_none=True)
        self.loss(self.network, {name: self.b[name][self.index] for name in self.BY_ENVIRONMENT}, self.settings).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings["max_grad_norm"])
        self.adam.step()

    def update(self):
        self.prepare()
        for _ in range(int(self.settings["epochs"])):
            for part in torch.randperm(self.envs, device=self.index.device).split(len(self.index)):
                self.index.copy_(part)
                self.step()


# ---- checks

def differs(ours, reference):
    """The largest difference over 1 plus the reference's size; NaN and other shapes: WRONG"""
    if ours.shape != reference.shape:
        return WRONG
    if not reference.numel():
        return 0.0
    error = ((ours.double() - reference.double()).abs() / (1 + reference.double().abs())).max().item()
    return error if math.isfinite(error) else WRONG


def check(checks, what, errors, tolerance):
    worst = max(errors, key=errors.get)
    checks.append({"what": what, "error": errors[worst], "worst": worst, "tolerance": tolerance, "equal": errors[worst] <= tolerance})
    print("%-52s %9.1e  %-20s %s" % (what, errors[worst], worst, "equal" if checks[-1]["equal"] else "DIFFERENT (tolerance %g)" % tolerance), file=sys.stderr)


def check_acting(checks, what, path, device, tolerance):
    tensors, notes = read_safetensors(path, device)
    weights, inputs, outputs = split(tensors)
    network = Network(weights, notes).to(device)
    with torch.no_grad():
        ours = dict(zip(("logit", "value", "item", "salience", "state"), network.act(**inputs)))
    check(checks, what, {name: differs(reference, ours[name]) for name, reference in outputs.items()}, tolerance)
    return network, inputs


def check_gradient(checks, what, path, device, tolerance):
    tensors, notes = read_safetensors(path, device)
    weights, rollout, outputs = split(tensors)
    settings = {name: float(notes[name]) for name in ("loss", "gamma", "lambda", "clip", "value_weight", "entropy_weight", "rate", "beta2", "max_grad_norm",
                                                      "epochs", "minibatches")}
    exact = Network(weights, notes).double()
    b = {name: t.double() if t.is_floating_point() else t for name, t in rollout.items()}
    b.update(spread(b))
    b["advantage"], b["target"] = gae(b, settings["gamma"], settings["lambda"])
    envs, loss = b["action"].shape[0], 0.0
    for few in torch.arange(envs, device=device).split(4):  # to save memory
        part = ppo_loss(exact, {name: b[name][few] for name in Learner.BY_ENVIRONMENT}, settings) * (len(few) / envs)
        part.backward()
        loss += part.item()
    errors, at = {"loss": abs(settings["loss"] - loss) / (1 + abs(loss))}, 0
    # a sum whose terms cancel, as the salience's bias does in a softmax, has few exact digits: hence a little of the whole norm
    little = 1e-5 * math.sqrt(sum(p.grad.square().sum().item() for p in exact.parameters() if p.grad is not None))
    for name, parameter in exact.named_parameters():
        theirs = outputs["gradient"][at:at + parameter.numel()].double()
        at += parameter.numel()
        ours = torch.zeros_like(theirs) if parameter.grad is None else parameter.grad.flatten()
        error = (torch.linalg.vector_norm(theirs - ours) / (torch.linalg.vector_norm(ours) + little)).item()
        errors[name] = error if math.isfinite(error) else WRONG
    if at != outputs["gradient"].numel():
        errors["length"] = WRONG
    check(checks, what, errors, tolerance)
    return Network(weights, notes).to(device), rollout, settings


# ---- times

def capture(run, before=lambda: None):
    """run as a CUDA graph"""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(side)
    before()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def finish(run, device):
    run()
    if device == "cuda":
        torch.cuda.synchronize()


def median_s(run, seconds, device):
    finish(run, device)
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        finish(run, device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def variants(device, compiled):
    """name -> (compile mode, CUDA graphs)"""
    known = {"eager": (None, False), "graph": (None, True), "compiled": (compiled, False), "compiled graph": (compiled, True)}
    return {name: v for name, v in known.items() if (device == "cuda" or not v[1]) and (compiled or "compiled" not in name)}


def make_all(device, compiled, make):
    """-> callables by variant; one that cannot be made here, or does not do its work, is told and left out"""
    made = {}
    for name, (mode, graphs) in variants(device, compiled).items():
        try:
            made[name] = make(mode, graphs)
        except Exception as error:  # a compiler that is missing, say
            if name == "eager":
                raise
            print("PyTorch, %s: left out: %s" % (name, str(error).strip().split("\n")[0]), file=sys.stderr)
    return made


def acting_call(network, inputs, device, mode, graphs, autocast, tolerance):
    """A function that does one batch of decisions, from memory of the host to memory of the host."""
    act = torch.compile(network.act, mode=mode, dynamic=False) if mode else network.act
    full = dict(inputs, count=torch.full_like(inputs["count"], inputs["items"].shape[1]))
    upload = ("last_action", "count", "pixels", "level", "age")
    parts = [full[name].contiguous().cpu().flatten().view(torch.uint8) for name in upload]
    host = torch.cat([F.pad(part, (0, -len(part) % 256)) for part in parts])  # each of them aligned
    host = host.pin_memory() if device == "cuda" else host
    card = torch.empty_like(host, device=device)
    views, at = {}, 0
    for name, part in zip(upload, parts):
        views[name] = card[at:at + len(part)].view(full[name].dtype).view(full[name].shape)
        at += len(part) + -len(part) % 256
    resident = {name: full[name] for name in ("items", "salience", "state")}
    rows = len(full["count"])
    joined = lambda out: torch.cat([t.reshape(rows, -1).float() for t in out], 1)
    with torch.no_grad(), autocast():
        expected = joined(network.act(**full)).cpu()
    result = torch.empty(expected.shape, pin_memory=device == "cuda")

    def run():
        with torch.no_grad(), autocast():
            card.copy_(host, non_blocking=True)
            result.copy_(joined(act(**views, **resident)), non_blocking=True)
    finish(run, device)
    call = capture(run) if graphs else run
    result.fill_(math.nan)
    finish(call, device)
    if differs(result, expected) > tolerance:
        raise RuntimeError("it computes something else")
    return call


def in_turns(rounds, longplay, torch_calls, seconds, device):
    """-> median seconds of longplay() and of each PyTorch variant, over rounds in which each has its turn"""
    times = {name: [] for name in ("longplay", *torch_calls)}
    for _ in range(rounds):
        times["longplay"].append(longplay())
        for name, call in torch_calls.items():
            times[name].append(median_s(call, seconds, device))
    return {name: statistics.median(t) for name, t in times.items()}


def row_of(times, **more):
    best = min((name for name in times if name != "longplay"), key=times.get)
    return dict(more, seconds=times, best=best, ratio=times[best] / times["longplay"])


# ---- the command

def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--longplay", default="build/longplay", help="the program, or a command line that starts it")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--policy", action="append", default=[], metavar="FILE", help="weights that are checked as well; may be repeated")
    p.add_argument("--on", help="the device that longplay is told to use (that of PyTorch)")
    p.add_argument("--size", choices=("nano", "base", "large"), help="of what is timed (base; on a CPU nano)")
    p.add_argument("--core", choices=CORES, default="none", help="of what is timed; checked are all of them")
    p.add_argument("--batch", help="N,N,... of acting (1,64,4096; on a CPU 1,16)")
    p.add_argument("--context", type=int, help="items in context (128; on a CPU 24)")
    p.add_argument("--envs", type=int, help="of learning (64; on a CPU 4)")
    p.add_argument("--steps", type=int, help="of learning (128; on a CPU 24)")
    p.add_argument("--minibatches", type=int, default=4)
    p.add_argument("--epochs", type=int, default=2)
    p.add_argument("--rounds", type=int, default=3, help="turns that each has")
    p.add_argument("--seconds", type=float, help="of one turn (1; on a CPU 0.3)")
    p.add_argument("--precision", choices=("highest", "high", "bf16"), default="highest", help="PyTorch's products while it is timed: float32, TF32, bf16 (autocast)")
    p.add_argument("--compile", default="max-autotune-no-cudagraphs", help="torch.compile's mode; none: do not compile")
    p.add_argument("--tolerance", type=float, default=1e-4, help="largest error of outputs and gradients")
    p.add_argument("--check-only", action="store_true", help="no times")
    p.add_argument("--json", action="store_true", help="print one JSON object")
    a = p.parse_args()
    small = a.device == "cpu"
    for name, usual, on_cpu in (("size", "base", "nano"), ("batch", "1,64,4096", "1,16"), ("context", 128, 24), ("envs", 64, 4), ("steps", 128, 24), ("seconds", 1, 0.3)):
        if getattr(a, name) is None:
            setattr(a, name, on_cpu if small else usual)
    if a.envs % a.minibatches:
        p.error("--envs must be a multiple of --minibatches")
    a.compile = None if a.compile == "none" else a.compile
    return a


def bench(a, what, **options):
    """-> what `longplay bench` printed"""
    command = shlex.split(a.longplay) + ["bench", what, "--json", "--device", a.on or a.device]
    command += [word for name, value in options.items() for word in ("--" + name, str(value))]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit("%s: exit %d" % (" ".join(command), done.returncode))
    return json.loads(done.stdout)[what]


def precise(precision):
    torch.set_float32_matmul_precision("highest" if precision == "highest" else "high")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "highest"


def compare_acting(a, checks, folder, autocast):
    rows, path = [], os.path.join(folder, "decisions")
    rounding = 1e-4 if a.precision == "highest" else 5e-2
    shape = {"size": a.size, "core": a.core, "context": a.context, "seconds": a.seconds}
    for batch in (int(n) for n in a.batch.split(",")):
        precise("highest")
        bench(a, "policy", **dict(shape, batch=batch, save=path, seconds=0.1))
        network, inputs = check_acting(checks, "outputs, %s, core %s, batch %d" % (a.size, a.core, batch), path, a.device, a.tolerance)
        if a.check_only:
            continue
        precise(a.precision)
        calls = make_all(a.device, a.compile, lambda mode, graphs: acting_call(network, inputs, a.device, mode, graphs, autocast, rounding))
        times = in_turns(a.rounds, lambda: bench(a, "policy", **dict(shape, batch=batch))[0]["us_per_decision"] * batch / 1e6, calls, a.seconds, a.device)
        rows.append(row_of(times, batch=batch))
    return rows


def compare_learning(a, checks, folder, autocast):
    path = os.path.join(folder, "learned")
    shape = {"size": a.size, "core": a.core, "context": a.context, "envs": a.envs, "steps": a.steps, "minibatches": a.minibatches, "epochs": a.epochs}
    precise("highest")
    bench(a, "learn", **dict(shape, updates=1, save=path))
    network, rollout, settings = check_gradient(checks, "gradient, %s, core %s, %d x %d" % (a.size, a.core, a.envs, a.steps), path, a.device, a.tolerance)
    if a.check_only:
        return None
    precise(a.precision)

    def update(mode, graphs):
        with autocast():
            learner = Learner(network, rollout, settings, a.device, mode, graphs)

        def run():
            with autocast():
                learner.update()
        before = torch.nn.utils.parameters_to_vector(network.parameters()).detach().clone()
        finish(run, a.device)
        if torch.equal(before, torch.nn.utils.parameters_to_vector(network.parameters())):
            raise RuntimeError("it changes no weight")
        return run
    calls = make_all(a.device, a.compile, update)
    times = in_turns(a.rounds, lambda: bench(a, "learn", **shape)["update_ms"] / 1e3, calls, a.seconds, a.device)
    return row_of(times, samples=a.envs * a.steps, samples_per_s={name: a.envs * a.steps / t for name, t in times.items()})


def print_tables(result):
    for row in result["act"]:
        us = ["%s %.1f" % (name, 1e6 * t) for name, t in row["seconds"].items()]
        print("acting, batch %-5d us a batch: %s; PyTorch's best takes %.2f times as long" % (row["batch"], ", ".join(us), row["ratio"]))
    if result["learn"]:
        rates = ["%s %.0f" % (name, r) for name, r in result["learn"]["samples_per_s"].items()]
        print("learning, samples/s: %s; %.2f times PyTorch's best" % (", ".join(rates), result["learn"]["ratio"]))
    wrong = sum(not c["equal"] for c in result["checks"])
    print("%d checks, %d different" % (len(result["checks"]), wrong))


def main():
    a = parse()
    checks = []
    if a.device == "cpu":
        torch.set_num_threads(1)
    autocast = (lambda: torch.autocast(a.device, torch.bfloat16, cache_enabled=False)) if a.precision == "bf16" else contextlib.nullcontext
    precise("highest")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "check")
        bench(a, "policy", batch=7, context=37, seconds=0.1, save=path)
        check_acting(checks, "outputs, cue's trained policy, batch 7", path, a.device, a.tolerance)
        for policy in a.policy:  # each has its own order, salience, bias, softmax
            bench(a, "policy", policy=policy, batch=7, context=37, seconds=0.1, save=path)
            check_acting(checks, "outputs, %s, batch 7" % os.path.basename(policy), path, a.device, a.tolerance)
            bench(a, "learn", policy=policy, envs=6, steps=40, context=30, updates=1, save=path)
            check_gradient(checks, "gradient, %s, 6 x 40" % os.path.basename(policy), path, a.device, a.tolerance)
        for core in CORES:
            bench(a, "policy", size="nano", core=core, batch=7, context=37, seconds=0.1, save=path)
            check_acting(checks, "outputs, nano, core %s, batch 7" % core, path, a.device, a.tolerance)
            bench(a, "learn", size="nano", core=core, envs=6, steps=40, context=30, updates=1, save=path)
            check_gradient(checks, "gradient, nano, core %s, 6 x 40" % core, path, a.device, a.tolerance)
        act, learn = compare_acting(a, checks, folder, autocast), compare_learning(a, checks, folder, autocast)
    result = {"device": torch.cuda.get_device_name() if a.device == "cuda" else "cpu", "torch": torch.__version__, "size": a.size, "core": a.core,
              "context": a.context, "precision": a.precision, "checks": checks, "act": act, "learn": learn}
    if a.json:
        print(json.dumps(result))
    else:
        print_tables(result)
    return 0 if all(c["equal"] for c in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
