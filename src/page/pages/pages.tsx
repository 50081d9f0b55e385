import type { ComponentType } from 'preact';
import { lazy } from '../components/lazy.tsx';
import type { PageName } from '../state/address.ts';
import { charted } from '../state/charted.ts';
import { timeline } from '../state/container-history.ts';
import { shown } from '../text/shown.ts';
import { Overview } from './overview.tsx';

/** One view of the page. */
interface PageKind {
  /** Its content, between the clock and the footer; made anew for another name. */
  Page: ComponentType;
  /** Of the browser's tab. */
  title: (name: string) => string;
  /** In the bar, where it has a place there. */
  menu?: { label: string; key: string };
  /** What its filter field suggests. */
  placeholder: string;
  /** Whether it shows what is now, whatever time is chosen: then there is no clock. */
  isOfNow?: boolean;
  /** Width in milliseconds of a point in its charts; absent where it has none. */
  pointMs?: () => number | undefined;
}

/** Every view; those of the bar in its order. */
export const PAGES: Readonly<Record<PageName, PageKind>> = {
  overview: {
    Page: Overview,
    title: () => 'Overview',
    menu: { label: 'Overview', key: 'o' },
    placeholder: 'web-* dst db:3306 and idle > 30s',
    pointMs: () => (charted.value === '' ? undefined : timeline.value.stepMs),
  },
  container: {
    Page: lazy(async () => (await import('./container.tsx')).Container),
    title: shown,
    placeholder: 'state close-wait and dst nginx',
    pointMs: () => timeline.value.stepMs,
  },
  map: {
    Page: lazy(async () => (await import('./map/map.tsx')).MapPage),
    title: () => 'Map',
    menu: { label: 'Map', key: 'm' },
    placeholder: 'web-* db',
  },
  events: {
    Page: lazy(async () => (await import('./events/events.tsx')).Events),
    title: () => 'Events',
    menu: { label: 'Events', key: 'e' },
    placeholder: 'dst db:3306 and retrans > 0',
  },
  problems: {
    Page: lazy(async () => (await import('./problems/problems.tsx')).Problems),
    title: () => 'Problems',
    menu: { label: 'Problems', key: 'p' },
    placeholder: 'web-* leak',
  },
  incidents: {
    Page: lazy(async () => (await import('./incidents/incidents.tsx')).Incidents),
    title: () => 'Incidents',
    menu: { label: 'Incidents', key: 'i' },
    placeholder: 'critical leak',
  },
  hosts: {
    Page: lazy(async () => (await import('./hosts/hosts.tsx')).Hosts),
    title: (name) => (name === '' ? 'Hosts' : shown(name)),
    menu: { label: 'Hosts', key: 'h' },
    placeholder: 'db-* critical',
    isOfNow: true,
  },
  about: {
    Page: lazy(async () => (await import('./about/about.tsx')).About),
    title: () => 'About',
    placeholder: 'web-*',
  },
};

/** The pages of the bar. */
export const MENU = (Object.entries(PAGES) as [PageName, PageKind][]).flatMap(([page, { menu }]) =>
  menu === undefined ? [] : [{ page, ...menu }],
);
