"""Where we are reached from outside: every address that leaves the system, in one place. May not enter: routes, settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from billfold.domain.ids import PassId, Scope


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where we are reached from outside. `public_url` has no slash at its end."""

    public_url: str

    def share(self, pass_id: PassId) -> str:
        return f"{self.public_url}/p/{pass_id}"

    def share_direct(self, pass_id: PassId) -> str:
        """Leads a phone straight into its wallet, everybody else to the page."""
        return f"{self.share(pass_id)}/go"

    def share_code(self, pass_id: PassId, form: str) -> str:
        """The picture of the link's QR code. `form`: svg or png."""
        return f"{self.share(pass_id)}/qr.{form}"

    def share_pack(self, pass_ids: Sequence[str]) -> str:
        """The one page of several passes."""
        return f"{self.public_url}/ps/{'.'.join(pass_ids)}"

    def web_service(self, scope: Scope) -> str:
        """Wallet appends `/v1/...` (reference/apple-wallet.md section 4)."""
        return f"{self.public_url}/apple/{scope.code}"

    def image(self, scope: Scope, hash: str) -> str:
        return f"{self.public_url}/i/{scope.code}/{hash}.png"

    def image_at(self, address: str) -> str:
        """The content hash of a picture at such an address of ours, "" at any other."""
        before, _, name = address.rpartition("/")
        return name.removesuffix(".png") if before.startswith(f"{self.public_url}/i/") else ""

    def google_callback(self, scope: Scope) -> str:
        return f"{self.public_url}/google/{scope.code}/callback"

    def unsubscribe(self, token: str) -> str:
        return f"{self.public_url}/u/{token}"
