"""Mail to whom a Scheme's variable email names, by the machine's own mail program."""

import shutil
import subprocess

from vitreous.project.schemes.model import UNDEFINED, Scheme

LIMIT_S = 30
PLACES = "/usr/sbin:/usr/lib:/usr/bin"
"""Where sendmail lies that is on nobody's path."""


def send(scheme: Scheme, subject: str, text: str) -> str:
    """Send a mail if the Scheme has the string variable email; says what became of it. No failure here stops a Scheme."""
    address = scheme.variables["email"].value if "email" in scheme.variables else ""
    if not isinstance(address, str) or address in ("", UNDEFINED, "None"):
        return ""
    if "@" not in address or any(c.isspace() for c in address) or address.startswith("-"):
        return f"no mail: {address!r}, the value of the variable email, is no address"
    mail, sendmail = shutil.which("mail"), shutil.which("sendmail", path=PLACES) or shutil.which("sendmail")
    if mail:
        command, body = [mail, "-s", subject, address], text
    elif sendmail:
        command, body = [sendmail, "-t"], f"To: {address}\nSubject: {subject}\n\n{text}\n"
    else:
        return f"no mail to {address}: this machine has neither mail nor sendmail"
    try:
        done = subprocess.run(command, input=body, text=True, capture_output=True, timeout=LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no mail to {address}: {command[0]}: {error}"
    if done.returncode:
        return f"no mail to {address}: {command[0]} ended with code {done.returncode}: {done.stderr.strip()}"
    return f"mail sent to {address}"
