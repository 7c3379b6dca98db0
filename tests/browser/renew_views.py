"""Renews the pictures of `docs/views.md` (`make views`): runs the demo city, photographs every view, packs them."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "views"
WEB = ROOT / "cloudctl" / "web"
SCRIPT = Path(__file__).with_name("views.mjs")
PORT = 8790
ADDRESS = f"http://127.0.0.1:{PORT}"
RUN_S = 900
READY_S = 300
TRAFFIC_S = 60
"""Until the city has filled and something is stored."""
SETTLE_MS = 500
BACK_S = 25
SIZE = (1152, 720)
MOST_BYTES = 41_000
WALKS = ("light-zh", "dark-zh", "light-en", "dark-en")
VIEWS: dict[str, tuple[str, str]] = {
    "city": ("The city", "全城"),
    "corridor": ("A corridor", "干线"),
    "intersection": ("An intersection: lights with countdown, queues by lane", "路口：信号倒计时与分车道排队"),
    "signal": ("The card of a signal: phases, countdown, recommendation", "信号灯卡片：相位、倒计时与配时建议"),
    "card": ("The card of a road user", "交通参与者卡片"),
    "density": ("Density of road users", "交通密度"),
    "tab-overview": ("Overview: network, road users, latency", "总览：路网、目标与时延"),
    "tab-incidents": ("Incidents by priority", "按优先级排列的事件"),
    "incident": ("An incident in hand: acknowledge, assign, mute, note", "处置事件：确认、指派、静音、备注"),
    "tab-events": ("Publishing an event", "发布交通事件"),
    "tab-control": ("Signals: holds, green corridors, recommendations", "信控：人工接管、绿波通道与配时建议"),
    "tab-advisories": ("Advisories", "建议"),
    "advice": ("An advisory: what, why, to whom, what came of it", "一条建议：内容、依据、对象与效果"),
    "tab-buses": ("Buses: lateness and headways", "公交：晚点与车头时距"),
    "tab-parking": ("Car parks", "停车场"),
    "lot": ("The outlook of a car park", "停车场空位预测"),
    "tab-devices": ("Devices", "设备"),
    "device": ("A device: rates, latency, refusals", "设备：上报频率、时延与拒收"),
    "replay": ("A stored moment on the same map", "同一地图上的历史时刻"),
    "filters": ("Layers, filters, saved views", "图层、筛选与已存视图"),
    "keys": ("Every command has a key", "每个命令都有按键"),
    "wall": ("Wall mode", "大屏模式"),
    "sign-in": ("Signing in", "登录"),
    "accounts": ("Accounts, roles, API tokens", "账户、角色与接口令牌"),
}
"""English and Chinese title of every view, in the order of the page."""
ACCOUNT_TEST = "tests/browser/test_access_page.py"
"""Photographs the views that a demo without accounts has not."""


@contextmanager
def demo(folder: Path) -> Iterator[None]:
    """Run the demo city until the block ends; raises RuntimeError where it does not come up."""
    command = [str(Path(sys.executable).with_name("cloudctl")), "demo", "--headless", f"--seconds={RUN_S}"]
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--port={PORT}", f"--data-dir={folder}"], stdout=log, stderr=log)
        try:
            wait_for_gateway(process)
            time.sleep(TRAFFIC_S)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def wait_for_gateway(process: subprocess.Popen[bytes]) -> None:
    """Wait until the gateway is ready; raise RuntimeError where it is not in time."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{ADDRESS}/readyz", timeout=5):  # noqa: S310  # our own address
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(1)
    raise RuntimeError(f"the demo is not ready after {READY_S} s")


def centre() -> tuple[float, float]:
    """Give the place (lon, lat; deg) of the signal that is nearest to the middle of the city."""
    with urllib.request.urlopen(f"{ADDRESS}/api/v1/network", timeout=10) as answer:  # noqa: S310  # our own address
        west, south, east, north = json.load(answer)["box"]
    with urllib.request.urlopen(f"{ADDRESS}/api/v1/network/signals", timeout=10) as answer:  # noqa: S310  # the same
        places = [(each["lon"], each["lat"]) for each in json.load(answer)["signals"]]
    lon, lat = (west + east) / 2, (south + north) / 2
    return min(places, key=lambda place: abs(place[0] - lon) + abs(place[1] - lat))


def photograph(shots: Path) -> None:
    """Walk through all views; raises CalledProcessError where the walk fails."""
    lon, lat = centre()
    moment = (datetime.now(UTC) - timedelta(seconds=BACK_S)).isoformat(timespec="seconds").replace("+00:00", "Z")
    place = [ADDRESS, str(lon), str(lat), str(shots), moment, str(SETTLE_MS)]
    node = shutil.which("node") or "node"
    done = subprocess.run([node, str(SCRIPT), *place], cwd=WEB, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    for name in ("console", "violations", "foreign"):
        if found[name]:
            print(f"{name}: {found[name]}", file=sys.stderr)  # noqa: T201  # a tool's word to its user


def photograph_accounts(shots: Path) -> None:
    """Photograph signing in and the accounts; raises CalledProcessError where their test fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ACCOUNT_TEST]
    subprocess.run(command, cwd=ROOT, check=True, env=os.environ | {"V2X_SHOTS": str(shots)})


def find_picture(shots: Path, view: str, walk: str) -> Path:
    """Give the photograph of a view, whichever walk took it."""
    taken = shots / f"view-{view}-{walk}.png"
    return taken if taken.is_file() else shots / f"{view}-{walk}.png"


def pack(picture: Path, target: Path) -> None:
    """Write a picture as WebP of at most MOST_BYTES."""
    with Image.open(picture) as whole:
        plain = whole.convert("RGB")
    plain.thumbnail(SIZE, Image.Resampling.LANCZOS)
    for quality in range(82, 10, -6):
        packed = io.BytesIO()
        plain.save(packed, "webp", quality=quality, method=6)
        if packed.tell() <= MOST_BYTES:
            break
    target.write_bytes(packed.getvalue())


def page(language: int) -> str:
    """Make `docs/views.md` (0, English) or its Chinese twin (1)."""
    title = ("Every view of the live map", "实时地图全部视图")[language]
    other = ("[中文](views.zh-CN.md)", "[English](views.md)")[language]
    said = (
        "Each view in both themes and both languages; `make views` photographs them anew in the demo city.",
        "每个视图均含两种配色、两种语言；`make views` 可在演示城市中重新拍摄。",
    )[language]
    lines = [f"# {title}", "", other, "", said]
    for view, titles in VIEWS.items():
        if not (PICTURES / f"{view}-{WALKS[0]}.webp").is_file():
            continue
        name = titles[language]
        pictures = [f"![{name}](views/{view}-{walk}.webp)" for walk in WALKS]
        lines += ["", f"## {name}", "", f"| {pictures[0]} | {pictures[1]} |", "|---|---|"]
        lines += [f"| {pictures[2]} | {pictures[3]} |"]
    return "\n".join(lines) + "\n"


def write_pages() -> None:
    """Write both pages anew."""
    for language, name in enumerate(("views.md", "views.zh-CN.md")):
        (ROOT / "docs" / name).write_text(page(language), "utf-8")


def main() -> None:
    """Renew pictures and pages; pictures that lie in the folder V2X_SHOTS already are packed as they are."""
    shots = os.environ.get("V2X_SHOTS")
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(shots or folder)
        if not any(taken.glob("view-*.png")):
            with demo(Path(folder)):
                photograph(taken)
            photograph_accounts(taken)
        PICTURES.mkdir(parents=True, exist_ok=True)
        for picture in PICTURES.glob("*.webp"):
            picture.unlink()
        for view in VIEWS:
            found = [find_picture(taken, view, walk) for walk in WALKS]
            for walk, picture in zip(WALKS, found, strict=True):
                if all(path.is_file() for path in found):
                    pack(picture, PICTURES / f"{view}-{walk}.webp")
    write_pages()


if __name__ == "__main__":
    main()
