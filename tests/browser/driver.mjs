// Drives one Chromium for tests/browser/harness.py: a JSON line in, a JSON line out, one after the other.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

let browser;
let profile; // of a person who blocks cookies: the setting stands in the profile, and so there is one context only
let last = 0;
const contexts = new Map();
const pages = new Map();
const scripted = new Set();

// What a page asked for, in order: `from` is the address that redirected to it, `status` comes with the answer.
function listen(page, kept) {
  const calls = new Map();
  page.on('request', (request) => {
    const call = {
      url: request.url(), method: request.method(), type: request.resourceType(), status: 0, blocked: '',
      from: request.redirectedFrom()?.url() ?? '',
    };
    calls.set(request, call);
    kept.requests.push(call);
  });
  page.on('response', (response) => { calls.get(response.request()).status = response.status(); });
  page.on('requestfailed', (request) => { calls.get(request).blocked = request.failure()?.errorText ?? 'failed'; });
  page.on('console', (message) => { kept.console.push(`${message.type()}: ${message.text()}`); });
  page.on('pageerror', (error) => { kept.console.push(`error: ${error.message}`); });
}

function opened(page, context) {
  const kept = { page, context, requests: [], console: [] };
  listen(page, kept);
  const id = `p${++last}`;
  pages.set(id, kept);
  return id;
}

function target(page, { role, name, selector }) {
  return selector ? page.locator(selector) : page.getByRole(role, { name, exact: true });
}

// A click that leads on is over when the page it led to has loaded.
async function click(page, asked) {
  const led = asked.stays ? undefined : page.waitForNavigation({ waitUntil: 'load' });
  await Promise.all([led, target(page, asked).click()]);
}

const COMMANDS = {
  async launch({ executable, more, blocks }) {
    const options = { executablePath: executable, headless: true, args: [...QUIET, ...more] };
    if (blocks.length === 0) {
      browser = await chromium.launch(options);
      return browser.version();
    }
    profile = mkdtempSync(join(tmpdir(), 'profile-'));
    mkdirSync(join(profile, 'Default'));
    const exceptions = { cookies: Object.fromEntries(blocks.map((origin) => [`${origin},*`, { setting: 2 }])) };
    writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: { content_settings: { exceptions } } }));
    browser = await chromium.launchPersistentContext(profile, options);
    return browser.browser()?.version() ?? '';
  },
  async new_context({ javascript, width, height, dark, timeout }) {
    const context = profile ? browser : await browser.newContext({
      javaScriptEnabled: javascript, viewport: { width, height }, colorScheme: dark ? 'dark' : 'light',
      ignoreHTTPSErrors: true, locale: 'en-US',
    });
    context.setDefaultTimeout(timeout);
    const id = `c${++last}`;
    contexts.set(id, context);
    if (javascript) scripted.add(id);
    return id;
  },
  async close_context({ context }) {
    await contexts.get(context).close();
    contexts.delete(context);
    scripted.delete(context);
    for (const [id, kept] of pages) if (kept.context === context) pages.delete(id);
  },
  async new_page({ context }) {
    return opened(await contexts.get(context).newPage(), context);
  },
  async cookies({ context }) {
    return contexts.get(context).cookies();
  },
  async add_cookies({ context, cookies }) {
    await contexts.get(context).addCookies(cookies);
  },
  async clear_cookies({ context }) {
    await contexts.get(context).clearCookies();
  },
  async goto({ page, url }) {
    const answer = await pages.get(page).page.goto(url, { waitUntil: 'load' });
    return answer ? answer.status() : 0;
  },
  async close_page({ page }) {
    await pages.get(page).page.close();
    pages.delete(page);
  },
  async click({ page, ...asked }) { await click(pages.get(page).page, asked); },
  async double_click({ page, ...asked }) { await target(pages.get(page).page, asked).dblclick(); },
  async fill({ page, value, ...asked }) { await target(pages.get(page).page, asked).fill(value); },
  async press({ page, key }) { await pages.get(page).page.keyboard.press(key); },
  async back({ page }) { await pages.get(page).page.goBack({ waitUntil: 'load' }); },
  async reload({ page }) { await pages.get(page).page.reload({ waitUntil: 'load' }); },
  async text({ page, selector }) { return pages.get(page).page.locator(selector).first().innerText(); },
  async attribute({ page, name, ...asked }) {
    return target(pages.get(page).page, asked).first().getAttribute(name);
  },
  async count({ page, selector }) { return pages.get(page).page.locator(selector).count(); },
  async title({ page }) { return pages.get(page).page.title(); },
  async url({ page }) { return pages.get(page).page.url(); },
  async focused({ page }) {
    return pages.get(page).page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  },
  async selected({ page }) { return pages.get(page).page.evaluate(() => String(getSelection())); },
  async screenshot({ page, path }) { await pages.get(page).page.screenshot({ path, fullPage: true }); },
  async resize({ page, width, height }) { await pages.get(page).page.setViewportSize({ width, height }); },
  async colors({ page, dark }) {
    await pages.get(page).page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  },
  // How many pixels of anything stick out at the right, seen or cut off; links and buttons below 24 × 24 pixels.
  async layout({ page }) {
    return pages.get(page).page.evaluate(() => {
      const box = (one) => one.getBoundingClientRect();
      const right = Math.max(...[...document.querySelectorAll('body *')].map((one) => box(one).right));
      return {
        sticks_out: Math.max(0, Math.ceil(Math.max(right, document.documentElement.scrollWidth) - innerWidth)),
        small: [...document.querySelectorAll('a[href], button, summary, input')]
          .filter((one) => box(one).width < 24 || box(one).height < 24).map((one) => one.textContent.trim()),
      };
    });
  },
  async axe({ page }) {
    const { page: open, context } = pages.get(page);
    if (!scripted.has(context)) throw new Error('axe needs a context with JavaScript');
    await open.evaluate(AXE);
    const found = await open.evaluate(
      (standards) => window.axe.run(document, { runOnly: { type: 'tag', values: standards } }), STANDARDS);
    return found.violations.map(({ id, help, nodes }) => ({
      id, help, nodes: nodes.map((node) => `${node.html} ${node.failureSummary}`),
    }));
  },
  async requests({ page }) { return pages.get(page).requests; },
  async console({ page }) { return pages.get(page).console; },
  async forget({ page }) { Object.assign(pages.get(page), { requests: [], console: [] }); },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: command, ...asked } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await COMMANDS[command](asked)) ?? null };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser?.close();
if (profile) rmSync(profile, { recursive: true, force: true });
