"""Addresses of the demo host; the product's own stand under /kc/ and /api/kc/, as on the platform."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.contrib.staticfiles.views import serve
from django.urls import URLPattern, URLResolver, include, path, re_path
from workbench.views import package_resource

from tests.host import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="host_home"),
    path("sign-in/", views.sign_in, name="host_sign_in"),
    path("sign-out/", views.sign_out, name="host_sign_out"),
    path("view-as/", views.view_as, name="host_view_as"),
    path("mails/", views.mails, name="host_mails"),
    path("course/<slug:slug>/", views.course, name="host_course"),
    path("course/<slug:slug>/<slug:view_name>/", views.course, name="host_course_view"),
    path("courses/<str:key>/course/", views.course_of),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    # The names are the workbench runtime's; it looks its addresses up by them.
    re_path(r"^handler/(?P<usage_id>[^/]+)/(?P<name>[^/]+)/?(?P<suffix>.*)$", views.handler, name="handler"),
    re_path(r"^unauth_handler/(?P<usage_id>[^/]+)/(?P<name>[^/]+)/?(?P<suffix>.*)$", views.handler, name="unauth_handler"),
    re_path(r"^resource/(?P<block_type>[^/]+)/(?P<resource>.*)$", package_resource, name="package_resource"),
]
if find_spec("workflows.urls") is not None:
    urlpatterns.insert(0, path("", include(("workflows.urls", "kc_workflows"))))
    handler403, handler404, handler500 = (f"workflows.views.{name}" for name in ("forbidden", "not_found", "server_error"))
if settings.DEBUG:
    urlpatterns += staticfiles_urlpatterns()
else:
    urlpatterns.append(re_path(r"^static/(?P<path>.*)$", serve, {"insecure": True}))
