import type { LoadPlan, LoadReport, LoadSecond } from '../../model/report/load-report.ts';
import type { LabProcess } from './lab-process.ts';

/** Number of senders that never pause during a calibration. */
const CALIBRATION_SENDERS = 48;

/** How much longer than its plan a load may take, milliseconds. */
const PATIENCE_MS = 30_000;

/** Sends orders to the process of the load, one at a time. */
export class LoadDriver {
  readonly #process: LabProcess;

  constructor(process: LabProcess) {
    this.#process = process;
  }

  /**
   * Measures the capacity of this machine with senders that never pause.
   *
   * @param ms duration of the measurement, milliseconds
   * @returns answers with status 200 per second
   */
  async calibrate(ms: number): Promise<number> {
    const order = { calibrate: { senders: CALIBRATION_SENDERS, ms } };
    type Answer = { type: 'calibrated'; perSecond: number };
    return (await this.#process.ask<Answer>(order, 'calibrated', ms + PATIENCE_MS)).perSecond;
  }

  /** Runs a load to its end. @param onSecond called with the counts of each second */
  async run(plan: LoadPlan, onSecond: (second: LoadSecond) => void = () => {}): Promise<LoadReport> {
    const stopListening = this.#process.listen((message) => {
      if (message.type === 'second') onSecond(message as LoadSecond);
    });
    try {
      const takes = plan.rampMs + plan.holdMs + plan.quietMs;
      return await this.#process.ask<LoadReport>({ load: plan }, 'load', takes + PATIENCE_MS);
    } finally {
      stopListening();
    }
  }
}
