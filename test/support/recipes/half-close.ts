import { once } from 'node:events';
import path from 'node:path';
import type { RecipeContext } from './recipe-context.ts';

/** Half-closed connections in use: the client has shut down writing, the server goes on sending small answers. */
export async function answering({ netns }: Pick<RecipeContext, 'netns'>, count: number): Promise<void> {
  const script = path.join(import.meta.dirname, 'half-close-main.ts');
  const child = netns.spawnNode(script, [String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout !== null) await once(child.stdout, 'data');
}
