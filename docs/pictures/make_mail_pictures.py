"""Makes the pictures of the mails: `python docs/pictures/make_mail_pictures.py`.

Needs Chromium; pngquant makes the files smaller where it is there. Each mail
is shown at a phone's and a desktop's width, light and dark.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from confid.ids.conference_id import ConferenceId
from confid.mail.messages import compose
from confid.tenant.notices import Event
from confid.tenant.outbox import MessageFacts, OutboxEntry
from confid.tenant.records import TOLL_FREE, DialInNumber
from confid.tenant.web_links import Links

HERE = Path(__file__).parent / "mail"
WIDTHS = {"phone": (390, 1400), "desktop": (800, 1150)}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DARK = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]
"""What a reader with a dark theme has; the page itself decides, for it says that it can."""

NUMBERS = (
    DialInNumber(number="14255550100", city="Redmond"),
    DialInNumber(number="18005550100", type=TOLL_FREE, city="US"),
    DialInNumber(number="442079460000", city="London"),
    DialInNumber(number="493030550123", city="Berlin"),
)
LINKS = Links(
    find_local_number="https://dialin.contoso.com/numbers",
    update_meetings="https://help.contoso.com/update-meetings",
    reset_pin="https://dialin.contoso.com/pin",
)
MAILS = {
    "enabled": ((Event.ENABLED,), None),
    "conference-id-reset": ((Event.CONFERENCE_ID_RESET,), None),
    "conference-id-reset-german": ((Event.CONFERENCE_ID_RESET,), "de-DE"),
    "number-changed": ((Event.NUMBER_CHANGED,), None),
    "pin-reset": ((Event.PIN_RESET,), None),
    "disabled": ((Event.DISABLED,), None),
    "conference-info": ((Event.CONFERENCE_INFO,), None),
}


def page(events: tuple[Event, ...], language: str | None) -> str:
    """A mail's HTML."""
    entry = OutboxEntry(
        key="example:00000001",
        owner="example",
        serial=1,
        to="ken.myer@contoso.com",
        events=events,
        created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        facts=MessageFacts(
            display_name="Ken Myer",
            conference_id=ConferenceId(3542699),
            numbers=NUMBERS,
            pin="83461",
            language=language,
        ),
    )
    message = compose(entry, tenant_id=UUID(int=1), links=LINKS)
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def take(chromium: str, source: Path, target: Path, size: tuple[int, int], *, dark: bool) -> None:
    """Take a picture of a page."""
    width, height = size
    with tempfile.TemporaryDirectory() as profile:
        # Chromium has no window narrower than 500: a phone is a frame in the middle of one.
        frame = source.with_name("frame.html")
        frame.write_text(
            f'<!DOCTYPE html><meta name="color-scheme" content="light dark">'
            f'<body style="margin:0;background:gray"><iframe src="{source.as_uri()}" '
            'style="border:0;display:block;margin:0 auto;background:Canvas;'
            f'width:{width}px;height:{height}px"></iframe>',
            encoding="utf-8",
        )
        subprocess.run(  # noqa: S603 - the browser that was found
            [
                chromium,
                *FLAGS,
                *(DARK if dark else []),
                f"--user-data-dir={profile}",
                f"--window-size={max(width, 500)},{height}",
                f"--screenshot={target}",
                frame.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def main() -> int:
    """Make all pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("There is no Chromium here.", file=sys.stderr)
        return 1
    pngquant = shutil.which("pngquant")
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, (events, language) in MAILS.items():
            source = Path(folder) / f"{name}.html"
            source.write_text(page(events, language), encoding="utf-8")
            for device, size in WIDTHS.items():
                for theme in ("light", "dark"):
                    target = HERE / f"{name}-{device}-{theme}.png"
                    take(chromium, source, target, size, dark=theme == "dark")
                    if pngquant:
                        command = [pngquant, "--force", "--ext", ".png", "32", str(target)]
                        subprocess.run(command, check=True)  # noqa: S603 - no shell, and our own arguments
                    print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
