import type { LoadPlan, LoadReport, LoadSecond } from '../../model/report/load-report.ts';
import type { LabProcess } from './lab-process.ts';

/** So many senders never pause while it is found out what the machine can do. */
const CALIBRATION_SENDERS = 48;

/** Beyond the time that a load itself takes. */
const PATIENCE_MS = 30_000;

/** Gives the load's process its orders, one at a time. */
export class LoadDriver {
  readonly #process: LabProcess;

  constructor(process: LabProcess) {
    this.#process = process;
  }

  /**
   * Finds out what this machine can do: senders that never pause, for so long.
   *
   * @returns answers with status 200 per second
   */
  async calibrate(ms: number): Promise<number> {
    const order = { calibrate: { senders: CALIBRATION_SENDERS, ms } };
    type Answer = { type: 'calibrated'; perSecond: number };
    return (await this.#process.ask<Answer>(order, 'calibrated', ms + PATIENCE_MS)).perSecond;
  }

  /** Runs a load to its end. @param onSecond is given each second when it is over */
  async run(plan: LoadPlan, onSecond: (second: LoadSecond) => void = () => {}): Promise<LoadReport> {
    const end = this.#process.listen((message) => {
      if (message.type === 'second') onSecond(message as LoadSecond);
    });
    try {
      const takes = plan.rampMs + plan.holdMs + plan.quietMs;
      return await this.#process.ask<LoadReport>({ load: plan }, 'load', takes + PATIENCE_MS);
    } finally {
      end();
    }
  }
}
