import { signal } from '@preact/signals';

const KEY = 'socklens-theme';

/** Counts changes of colours: charts, which draw on a canvas, take them anew. */
export const themeVersion = signal(0);

/** Takes the choice of an earlier visit, and follows the system's where there is none. */
export function startTheme(): void {
  const stored = localStorage.getItem(KEY);
  if (stored === 'light' || stored === 'dark') document.documentElement.dataset.theme = stored;
  const changed = () => {
    themeVersion.value++;
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  matchMedia('(prefers-contrast: more)').addEventListener('change', changed);
}

/** Light where it is dark, and the other way round. */
export function switchTheme(): void {
  const chosen = document.documentElement.dataset.theme;
  const isDark = chosen === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
  const theme = isDark ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
  themeVersion.value++;
}
