"""Django settings: data only, all of it derived from the environment (recsite/env.py)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from recsite.embedded import embedded_broker_url, embedded_cache_url, embedded_database_settings
from recsite.env import read_environment
from recsite.plugins import find_plugins
from recsite.unfold import UNFOLD as UNFOLD

ENVIRONMENT = read_environment()
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(ENVIRONMENT.csrf_trusted_origins)

INSTALLED_APPS = [
    "recsite",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_celery_beat",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "catalog",
    "profiles",
    "recommender",
    *find_plugins(disabled=ENVIRONMENT.disabled_plugins),
]

MIDDLEWARE = [
    "recsite.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "recsite.csp.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "recsite.middleware.DatabaseAwayMiddleware",
]

ROOT_URLCONF = "recsite.urls"
WSGI_APPLICATION = "recsite.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_database = dict(ENVIRONMENT.database or embedded_database_settings(ENVIRONMENT))
_database["OPTIONS"] = {
    **_database.get("OPTIONS", {}),
    # An HNSW scan goes on until enough rows have passed the filters; readers sort what comes out.
    "options": " ".join(
        [
            _database.get("OPTIONS", {}).get("options", ""),
            "-c hnsw.iterative_scan=relaxed_order",
            "-c hnsw.ef_search=100",
        ]
    ).strip(),
}
DATABASES: dict[str, Any] = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENVIRONMENT.cache_url or embedded_cache_url(ENVIRONMENT),
        "KEY_PREFIX": "recsite",
        "OPTIONS": {"serializer": "recsite.cache_values.JsonValues"},
    }
}

CELERY_BROKER_URL = ENVIRONMENT.broker_url or embedded_broker_url(ENVIRONMENT)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": ENVIRONMENT.broker_visibility_timeout,
    # Who sends a task must not wait for a broker that is down: by default that takes six seconds.
    "max_retries": 1,
    "interval_start": 0,
    "socket_connect_timeout": 2,
}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A forked child of a process that has used torch hangs in its first matrix product.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_POOL_START_METHOD = "spawn"
CELERY_TASK_ROUTES = {
    "catalog.tasks.encode_*": {"queue": "encode"},
    "recommender.tasks.train_*": {"queue": "train"},
    "recommender.tasks.evaluate_*": {"queue": "train"},
    "recommender.tasks.tune_*": {"queue": "train"},
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# A message that no worker took until the next one is due is worth nothing: both say "look what is stale".
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": every, "options": {"expires": every.total_seconds()}}
    for name, task, every in (
        ("encode stale items", "catalog.tasks.encode_stale_items", timedelta(minutes=1)),
        ("refresh stale interests", "profiles.tasks.refresh_stale_interests", timedelta(minutes=5)),
        ("refresh vectors of people", "recommender.tasks.refresh_stale_profile_vectors", timedelta(hours=1)),
        ("retrain published models", "recommender.tasks.train_published_models", timedelta(hours=1)),
        ("take up interrupted trainings", "recommender.tasks.train_interrupted_models", timedelta(minutes=5)),
    )
}
CELERY_TIMEZONE = "UTC"

LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

LANGUAGE_CODE = ENVIRONMENT.language_code
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "recsite" / "locale"]
TIME_ZONE = ENVIRONMENT.time_zone
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = ENVIRONMENT.var / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
# Source maps are half of what brotli would chew on at every collection, for developer tools alone.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "jpg", "gif", "webp", "woff", "woff2", "eot", "gz", "br"]

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENVIRONMENT.https
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENVIRONMENT.https
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.https else None

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "https:", "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
    }
}
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # it wants DENY; pages of this site may frame each other

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["catalog.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["catalog.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["catalog.api.renderers.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["catalog.api.parsers.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "catalog.api.errors.answer_error",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "recsite",
    "DESCRIPTION": "Recommendations from your own Postgres.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
}

RECSITE_ENCODER = ENVIRONMENT.encoder
RECSITE_ENCODER_OPTIONS = dict(ENVIRONMENT.encoder_options)
RECSITE_DEVICE = ENVIRONMENT.device
RECSITE_DEFAULT_CATALOG = ENVIRONMENT.default_catalog
# The demo shop is for a machine of one's own: it lets every visitor play every reader.
RECSITE_DEMO_SITE = ENVIRONMENT.database is None
