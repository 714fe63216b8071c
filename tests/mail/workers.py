"""Many mails by many worker processes: `python -m tests.mail.workers [MAILS] [WORKERS]`.

Enables users in a SQLite file, resets some of them, and lets the workers
deliver to one server. Prints what was received, and fails unless every mail
came exactly once and each user's mails in order.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import confid
from confid.cmdlets import enable_cs_online_dial_in_conferencing_user as enable
from confid.cmdlets import set_cs_online_dial_in_conferencing_user as set_user
from confid.host import SilentHost
from confid.mail.languages.en_us import SENTENCES

from .servers import Inbox, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKER = """
import sys
import confid
from confid.host import SilentHost
from confid.mail import SmtpTransport, deliver

with confid.connect(sys.argv[1], create=False, host=SilentHost()):
    print(deliver(SmtpTransport("127.0.0.1", int(sys.argv[2]), security="none")).sent)
"""


Told = dict[str, list[tuple[str, str]]]
"""The subject and the spoken conference ID of each mail to an address, in their order."""


def fill(path: Path, mails: int) -> Told:
    """Put this many mails in the outbox. Each tells the ID of the moment when it leaves."""
    people = max(1, mails * 4 // 5)
    upns = [f"user{n}@contoso.com" for n in range(people)]
    with confid.connect(path, host=SilentHost()):
        confid.import_users(
            {"UserPrincipalName": upn, "Mail": upn, "Licenses": "MCOMEETADV"} for upn in upns
        )
        subjects = {upn: [SENTENCES["subject.enabled"]] for upn in upns}
        ids = dict(zip(upns, enable(upns), strict=True))
        reset = upns[: mails - people]
        for upn, user in zip(reset, set_user(reset, reset_conference_id=True), strict=True):
            subjects[upn].append(SENTENCES["subject.conference_id_reset"])
            ids[upn] = user
    return {
        upn: [(subject, user.conference_id.spoken) for subject in subjects[upn]]
        for upn, user in ids.items()
        if user.conference_id is not None
    }


def start(path: Path, port: int) -> subprocess.Popen[str]:
    """Start a worker process."""
    command = [sys.executable, "-c", WORKER, str(path), str(port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def told(inbox: Inbox) -> Told:
    """What reached each address, in the order of its arrival."""
    from .test_messages import spoken_ids  # noqa: PLC0415 - this may run without pytest's tests

    found = defaultdict(list)
    for message, spoken in zip(inbox.messages, spoken_ids(inbox.messages), strict=True):
        address = message["To"].addresses[0].addr_spec
        found[address].append((str(message["Subject"]), spoken))
    return dict(found)


def copies(inbox: Inbox) -> Counter[str]:
    """How many times each Message-ID came."""
    return Counter(str(message["Message-ID"]) for message in inbox.messages)


def main(arguments: Sequence[str]) -> int:
    """Run the script; return 0 if every mail came once and in order."""
    mails, workers = (*map(int, arguments), *(10_000, 4)[len(arguments) :])
    inbox = Inbox()
    with tempfile.TemporaryDirectory() as folder, serving(inbox) as port:
        path = Path(folder) / "tenant.db"
        owed = fill(path, mails)
        began = time.perf_counter()
        processes = [start(path, port) for _ in range(workers)]
        shares = [int(process.communicate()[0]) for process in processes]
        took = time.perf_counter() - began
    repeats = [name for name, times in copies(inbox).items() if times > 1]
    in_order = told(inbox) == owed
    sys.stdout.write(
        f"{len(inbox.envelopes)} of {mails} mails by {workers} workers {shares} in {took:.1f} s, "
        f"{len(repeats)} more than once, {'in order' if in_order else 'OUT OF ORDER'}\n"
    )
    return 0 if in_order and not repeats and len(inbox.envelopes) == mails else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
