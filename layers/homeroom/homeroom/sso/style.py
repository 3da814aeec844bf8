"""The one style sheet of our pages, which stands in each of them, and its hash for the policy that allows just it.

No script, font, image or address: a page loads nothing (threat T30). Colours hold WCAG 2.2 AA in light and in dark;
`tests/browser` measures it.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode

STYLE = """\
:root{color-scheme:light dark;--back:#eef2f7;--card:#fff;--ink:#172033;--soft:#4a5670;--line:#c9d2df;--blue:#1d4ed8;\
--deep:#173ea8;--on:#fff;--note:#f3f6fb;--ring:#b45309}
@media (prefers-color-scheme:dark){:root{--back:#0f1523;--card:#192236;--ink:#f0f4fb;--soft:#b4c0d6;--line:#3b4863;\
--blue:#9dbdff;--deep:#c5d8ff;--on:#0c1a3a;--note:#222d45;--ring:#fbbf24}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;\
padding:1.25rem 1rem;background:var(--back);color:var(--ink);font:1.125rem/1.55 system-ui,-apple-system,"Segoe UI",\
Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{width:100%;max-width:37rem}
header{display:flex;align-items:center;gap:.7rem;padding:0 .25rem .8rem}
header p{margin:0;font-weight:650}
.door{flex:none;width:1.5rem;height:2rem;border-radius:.75rem .75rem .15rem .15rem;background:var(--blue);\
position:relative}
.door::after{content:"";position:absolute;right:.28rem;top:1.05rem;width:.32rem;height:.32rem;border-radius:50%;\
background:var(--card)}
main{background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:0 1.5rem 1.7rem;overflow:hidden}
main::before{content:"";display:block;height:.375rem;margin:0 -1.5rem 1.4rem;background:var(--blue)}
h1{margin:0 0 .6rem;font-size:1.6rem;line-height:1.25;font-weight:700;text-wrap:balance}
main p{margin:0;text-wrap:pretty}
.steps~p{margin-top:1.4rem}
h2{margin:0 0 .4rem;font-size:1.05rem}
.steps{list-style:none;margin:1.4rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.75rem}
.steps li{display:flex;flex:1 1 12rem}
.steps a{flex:1;display:flex;align-items:center;justify-content:center;min-height:3rem;padding:.55rem;\
border:2px solid var(--blue);border-radius:.6rem;color:var(--blue);background:var(--card);font-weight:650;\
text-align:center;text-decoration:none;line-height:1.3}
.steps a.first{background:var(--blue);color:var(--on)}
.steps a:hover{text-decoration:underline;border-color:var(--deep)}
.steps a.first:hover{background:var(--deep)}
a:focus-visible,summary:focus-visible{outline:3px solid var(--ring);outline-offset:3px;border-radius:.6rem}
.message,details{margin-top:1.4rem;padding:.9rem 1rem;background:var(--note);border:1px solid var(--line);\
border-radius:.6rem;font-size:1rem}
.message .hint{margin-bottom:.6rem;color:var(--soft)}
.copy{user-select:all;-webkit-user-select:all;padding:.7rem .8rem;background:var(--card);border:1px dashed var(--soft);\
border-radius:.4rem}
summary{line-height:1.75rem;font-weight:650;cursor:pointer}
details p{margin-top:.4rem}
details ol{margin:.6rem 0 0;padding-left:1.3rem}
details li{margin-bottom:.4rem}
footer{padding:.8rem .25rem 0;color:var(--soft);font-size:.875rem}
footer p{margin:0}
@media (max-width:26rem){main{padding:0 1.1rem 1.35rem}h1{font-size:1.4rem}}
@media print{body{min-height:0;background:none}.steps,details{display:none}}
@media (forced-colors:active){.door{border:1px solid}.steps a{border-color:LinkText}}
"""

STYLE_HASH = "sha256-" + b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""As a content security policy names it. Between `<style>` and `</style>` there must be `STYLE` and nothing else."""
