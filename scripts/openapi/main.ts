/** Writes the schemas of answers into docs/openapi.json: `npm run build:openapi`. Paths and parameters are written by hand. */
import fs from 'node:fs';
import path from 'node:path';
import { answerSchemas } from './schemas.ts';

const file = path.resolve(import.meta.dirname, '../../docs/openapi.json');
const document = JSON.parse(fs.readFileSync(file, 'utf8'));
document.components.schemas = { ...document.components.schemas, ...answerSchemas() };
fs.writeFileSync(file, `${JSON.stringify(document, undefined, 1)}\n`);
