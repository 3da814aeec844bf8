"""How a sign-in ends early: `Stop` carries the code of the page that is shown, and what support may know."""

from __future__ import annotations


class Stop(Exception):
    """This sign-in ends on a page. `code` is one of `homeroom.sso.codes`; `reason` a word of ours for support.

    `security` names the event that is raised beside it. `role` and `line` choose the words where the page has several.
    """

    def __init__(self, code: str, reason: str = "", *, security: str = ""):
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.security = security


class NoAnswer(Exception):
    """A portal did not answer in time, or not in a way that can be read. `what` is a word of ours."""

    def __init__(self, what: str):
        super().__init__(what)
        self.what = what
