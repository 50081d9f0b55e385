import type { ServeConfig } from '../../collect/config/config-file.ts';
import { Failure } from '../../model/failure.ts';
import type { MetricsAccess } from '../../serve/http/metrics-routes.ts';
import { tokenOf } from '../../serve/kept/token.ts';
import { type ListenAddress, parseListen } from '../../serve/listen-address.ts';

/** Options of metrics as typed; undefined for one that was not given. */
export interface GivenMetrics {
  metricsListen: string | undefined;
  metricsTokenFile: string | undefined;
  metricsOpen: boolean;
  metricsPeers: boolean;
  metricsHistograms: boolean;
}

/** The settings of metrics in force. */
export interface MetricsSettings {
  /** A listener for metrics alone; undefined for none. */
  listen: ListenAddress | undefined;
  tokenFile: string | undefined;
  isOpen: boolean;
  /** Whether peers without a name are called by their addresses. */
  peerAddresses: boolean;
  histograms: boolean;
}

/**
 * Settings in force: the command line before the file.
 *
 * @throws {Failure} `usage`
 */
export function metricsSettings(given: GivenMetrics, inFile: ServeConfig): MetricsSettings {
  const address = given.metricsListen ?? inFile['metrics-listen'];
  const settings = {
    listen: address === undefined ? undefined : parseListen(address, '--metrics-listen'),
    tokenFile: given.metricsTokenFile ?? inFile['metrics-token-file'],
    isOpen: given.metricsOpen || (inFile['metrics-open'] ?? false),
    peerAddresses: given.metricsPeers || (inFile['metrics-peers'] ?? false),
    histograms: given.metricsHistograms || (inFile['metrics-histograms'] ?? false),
  };
  const { listen, tokenFile, isOpen } = settings;
  if (listen !== undefined && !listen.isLoopback && tokenFile === undefined && !isOpen)
    throw new Failure(
      'usage',
      '--metrics-listen: other machines reach this address; pass --metrics-token-file FILE, or --metrics-open for everybody',
    );
  return settings;
}

/** Who may read them at a listener. */
export function metricsAccess({ tokenFile, isOpen }: MetricsSettings, { isLoopback }: ListenAddress): MetricsAccess {
  return { token: tokenFile === undefined ? undefined : tokenOf(tokenFile), isOpen, isLoopback };
}
