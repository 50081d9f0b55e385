import { createNetns } from './netns.ts';
import type { Ground } from './recipes/ground.ts';
import { Workshop } from './recipes/workshop.ts';

/** Plays a scene in a namespace of its own, which is removed afterwards with all that the scene made. */
export async function onStage<T>(play: (ground: Ground) => Promise<T>): Promise<T> {
  const netns = createNetns();
  try {
    const workshop = await Workshop.start(netns);
    try {
      return await play({ netns, workshop });
    } finally {
      await workshop.stop();
    }
  } finally {
    netns.remove();
  }
}
