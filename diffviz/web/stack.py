"""All of the above in their order, around an app."""

from __future__ import annotations

from starlette.types import ASGIApp

from diffviz.config import Config
from diffviz.metrics import Metrics
from diffviz.web.bodies import Bodies, Check
from diffviz.web.clients import Forwarded
from diffviz.web.gate import Gate
from diffviz.web.headers import PlainAnswers, PlainRequests, SecurityHeaders
from diffviz.web.inflight import InFlight
from diffviz.web.kept import Kept
from diffviz.web.limits import Buckets, RateLimit
from diffviz.web.observe import Observe
from diffviz.web.prefix import Prefix
from diffviz.web.routes import Kind
from diffviz.web.turns import Turns
from diffviz.web.uploads import Room, UploadRoom

PAGES_MADE = 20  # in a minute for one address; what is kept is not made


def guarded(
    app: ASGIApp,
    settings: Config,
    metrics: Metrics,
    room: Room,
    upload_mb: float,
    check: Check,
) -> ASGIApp:
    """The app with all that stands before it; from the innermost to what a request meets first.

    room: for uploads. upload_mb: of one; check: of JSON bodies, as `Bodies` has it.
    """
    limits = {
        Kind.EVENT: settings.json_kb * 1024,
        Kind.UPLOAD: int((upload_mb + 1) * 2**20),  # there is more to a form than its files
    }
    app = PlainAnswers(PlainRequests(app))
    app = Kept(app, makes=Buckets(PAGES_MADE) if settings.public else None)
    app = UploadRoom(app, room)
    app = Bodies(app, limits, settings.slow_seconds, check)
    if settings.public:
        busy = max(1, int(settings.share * (settings.places + settings.line)))
        app = InFlight(app, settings.connections_each, busy)
        app = RateLimit(
            app,
            {
                Kind.PAGE: Buckets(settings.rate_pages),
                Kind.EVENT: Buckets(settings.rate_events),
                Kind.POLL: Buckets(settings.rate_polls),
                Kind.UPLOAD: Buckets(settings.rate_uploads),
            },
        )
    app = Gate(app)
    app = Prefix(app, settings.root_path)
    if settings.public:
        app = Turns(app)
    app = Forwarded(app, settings.trusted_proxies)
    app = Observe(app, settings.trusted_proxies, metrics, f"{settings.root_path}/")
    return SecurityHeaders(app)
