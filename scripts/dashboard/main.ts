/** Writes deploy/grafana/socklens.json: `npm run build:dashboard`. */
import fs from 'node:fs';
import path from 'node:path';
import { dashboardJson } from './dashboard.ts';

fs.writeFileSync(path.resolve(import.meta.dirname, '../../deploy/grafana/socklens.json'), dashboardJson());
