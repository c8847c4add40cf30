"""The rows of the comparison: each piece of work, the commands that do it, and what ratio it must reach."""
import dataclasses
import subprocess
import sys

DEBIAN_PYTHON = "/usr/bin/python3"
# Two threads everywhere but in the augmentation, which is measured on one core.
THREADS = ["--threads", "2"]
QUICK_NETWORK = ["--size", "20", "--channels", "1", "--widths", "16,32,64", "--blocks", "1,1,1", "--clusters", "10"]
STEP = ["--batch", "50", "--repeats", "3"]
SMALL_STEP = ["--batch", "20", "--repeats", "3"]


@dataclasses.dataclass
class Row:
    name: str
    work: str
    # The least ratio to the peer; where there is no peer, the most seconds.
    goal: float
    # Arguments of the program `benchmarks`.
    ours: list
    # Whole commands; the fastest is quoted. "benchmarks" stands for our program, "{folder}" for a folder of inputs.
    peers: list
    # The field of the printed JSON that is compared.
    field: str = "images_per_second"
    # Arguments of `benchmarks` that write the input of both sides.
    prepare: list = None
    # A field in which ours must not exceed the peer's by more than this share.
    quality: tuple = None
    # Longer rows are run less often than asked.
    most_pairs: int = 99

    @property
    def less_is_better(self):
        return self.field == "seconds"

    @property
    def goal_text(self):
        return f"≥ {self.goal:g}" if self.peers else f"≤ {self.goal:g} s"


def debian_has_torch():
    check = [DEBIAN_PYTHON, "-c", "import torch"]
    try:
        return subprocess.run(check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def of_processor(field):
    """What /proc/cpuinfo says of the first processor, as words."""
    line = next((line for line in open("/proc/cpuinfo") if line.startswith(field)), ":")
    return line.split(":", 1)[1].split()


def kind():
    """Which of the two kinds of machine this is; each has goals of its own."""
    return "AVX-512" if "avx512vl" in of_processor("flags") else "AVX2"


def title():
    """The part of docs/benchmarks.md that this machine writes: its kind, and who makes the processor."""
    maker = " ".join(of_processor("vendor_id"))
    return f"{kind()}, {dict(AuthenticAMD='AMD', GenuineIntel='Intel').get(maker, maker or 'maker unknown')}"


def rows(scripts):
    """- scripts: the folder of the peer scripts."""
    wide = kind() == "AVX-512"
    pythons = [sys.executable] + ([DEBIAN_PYTHON] if debian_has_torch() else [])

    def torch(script, arguments):
        return [[python, f"{scripts}/{script}"] + arguments for python in dict.fromkeys(pythons)]

    def script(name, arguments):
        return [sys.executable, f"{scripts}/{name}"] + arguments

    def step(name, work, goal, arguments):
        return Row(name, work, goal, ["train-step"] + arguments, torch("torch_ccr_step.py", arguments))

    def clustering(method, work, peers, room, same_start=False):
        start = "{folder}/start"
        theirs = ["{folder}/images.npy", "--method", method] + (["--start", start] if same_start else []) + THREADS
        return Row(method, work, 2, ["clustering", "--method", method] + THREADS,
                   [script("sklearn_clustering.py", theirs + ["--by", peer]) for peer in peers], field="seconds",
                   prepare=["clustering", "--write-input", "{folder}/images.npy"] + (["--write-start", start] if same_start else []),
                   quality=("objective", room), most_pairs=3)

    quick_step = QUICK_NETWORK + STEP + THREADS
    paper_step = ["--size", "32"] + STEP + ["--steps", "5"] + THREADS
    inference = ["--size", "32", "--batch", "200"] + THREADS

    def autoencoder(name, work, arguments):
        arguments = arguments + THREADS
        return Row(name, work, 1.5, ["autoencoder-step"] + arguments, torch("torch_autoencoder_step.py", arguments))

    return [
        step("step-32", "training step, ResNet-34, 32 pixels, 50 + 150 images", 2.2 if wide else 2.6, paper_step),
        step("step-64", "training step, ResNet-34, 64 pixels, 20 + 60 images", 1.8 if wide else 2.1, ["--size", "64", "--steps", "3"] + SMALL_STEP + THREADS),
        step("step-96", "training step, ResNet-34, 96 pixels, 20 + 60 images", 1.8 if wide else 2.1, ["--size", "96", "--steps", "3"] + SMALL_STEP + THREADS),
        step("step-quick", "training step, the quick profile's network, 20 pixels, 50 + 150 images", 2 if wide else 3, quick_step),
        autoencoder("autoencoder", "training step, convolutional auto-encoder, 32 pixels, 256 images", ["--network", "conv"]),
        autoencoder("stacked", "training step, stacked auto-encoder of DEC, 28 × 28 grey, 256 images",
                    ["--network", "stacked", "--size", "28", "--channels", "1"]),
        Row("epoch-32", "training 2000 images, ResNet-34, 32 pixels, all included, against the step alone", 0.9,
            ["epoch", "--size", "32", "--images", "2000"] + STEP + THREADS, [["benchmarks", "train-step"] + paper_step], most_pairs=3),
        Row("epoch-quick", "the quick profile's training of one head, all included, against the step alone", 0.9,
            ["epoch", "--images", "4000", "--epochs", "3"] + quick_step, [["benchmarks", "train-step"] + quick_step]),
        Row("augmentation", "augmentation, 32-pixel colour images, one core", 10,
            ["augmentation", "--size", "32", "--threads", "1"], [script("pil_augmentation.py", ["--size", "32"])], field="imagesPerSecond"),
        Row("inference", "inference, ResNet-34, 32 pixels", 1.9 if wide else 2.7, ["inference"] + inference, torch("torch_inference.py", inference)),
        Row("kmeans", "k-means, 60,000 × 784, k = 10, 10 restarts", 3, ["kmeans"] + THREADS,
            [script("sklearn_kmeans.py", ["{folder}/pixels.npy", "--algorithm", algorithm] + THREADS) for algorithm in ("lloyd", "elkan")],
            field="seconds", prepare=["kmeans", "--write-input", "{folder}/pixels.npy"], quality=("inertia", 0.001)),
        clustering("sc", "spectral clustering, 10,000 × 784, 50 neighbours, k = 10", ["sklearn"], 0.001),
        clustering("ac", "agglomerative clustering (Ward), 10,000 × 784, k = 10", ["sklearn", "fastcluster"], 0.001),
        clustering("nmf", "NMF by KL divergence, 10,000 × 784, 10 parts, from the same start", ["sklearn"], 0.001, same_start=True),
        Row("tsne", "t-SNE, 10,000 × 50, perplexity 30, 750 iterations", 2, ["tsne"] + THREADS,
            [script("opentsne_tsne.py", ["{folder}/components.npy", "--method", method] + THREADS) for method in ("bh", "fft")],
            field="seconds", prepare=["tsne", "--write-input", "{folder}/components.npy"], quality=("kl_divergence", 0)),
        Row("tsne-60000", "t-SNE, 60,000 × 50, perplexity 30, 750 iterations", 240, ["tsne", "--points", "60000"] + THREADS, [],
            field="seconds", most_pairs=1),
    ]
