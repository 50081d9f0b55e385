import type { MetricFamily } from '../metric-family.ts';
import { CONTAINER_FAMILIES } from './container-families.ts';
import { HOST_FAMILIES } from './host-families.ts';
import { SERVE_FAMILIES } from './serve-families.ts';

/** Every metric, in the order of the text format: docs/metrics.md has the same. */
export const METRIC_FAMILIES: readonly MetricFamily[] = [...CONTAINER_FAMILIES, ...HOST_FAMILIES, ...SERVE_FAMILIES];
