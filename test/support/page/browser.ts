/** The page of `serve` in Debian's Chromium. */
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

/** A tab and what went wrong in it. */
export interface Tab {
  page: Page;
  /** Exceptions, errors of the console, violations of the content security policy, requests to other origins. */
  faults: readonly string[];
}

/** How a tab is opened. */
export interface TabOptions {
  width?: number;
  height?: number;
  dark?: boolean;
}

/** Runs in the page before its own scripts; as text, because it knows the DOM. */
const REPORT_VIOLATIONS = `addEventListener('securitypolicyviolation', (event) => {
  reportViolation('policy ' + event.violatedDirective + ': ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber);
});`;

/** For whatever is waited for on a page, milliseconds; only to find what hangs: a judgement comes every ten seconds. */
const HANG_MS = 120_000;

let browser: Browser | undefined;

/** Opens a tab of its own: nothing is kept from another one. */
export async function openTab(link: string, options: TabOptions = {}): Promise<Tab> {
  browser ??= await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-quic', '--disable-background-networking'],
  });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    timezoneId: 'Europe/Berlin',
    // A colour that is on its way to another one is neither, and axe would judge it.
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(HANG_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(link);
  page.on('pageerror', (error) => faults.push(`exception: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    // A refused request is in the console too; tests that provoke one expect it on the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) {
      faults.push(`request to another origin: ${request.url()}`);
    }
  });
  await page.exposeFunction('reportViolation', (text: string) => faults.push(text));
  await page.addInitScript(REPORT_VIOLATIONS);
  await page.goto(link);
  return { page, faults };
}

/** Ends the browser. */
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

/** Checks a page with axe-core. @returns violations as `rule: element` */
export async function axeViolations(page: Page): Promise<string[]> {
  // Evaluated from outside of the page, which its policy does not concern.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
    );
  });
}
