import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { Blank } from './blank.tsx';

/** A view that is loaded when it is first opened: few need it, and the first view comes sooner without it. */
export function lazy(load: () => Promise<ComponentType>): ComponentType {
  let loaded: ComponentType | undefined;
  return function Lazy() {
    const state = useSignal<'loading' | 'loaded' | 'failed'>('loading');
    useEffect(() => {
      if (loaded !== undefined) return;
      load().then(
        (View) => {
          loaded = View;
          state.value = 'loaded';
        },
        () => {
          state.value = 'failed';
        },
      );
    }, [state]);
    // Both are read, so that the view appears once it is there.
    if (state.value === 'failed')
      return (
        <Blank title="This view cannot be loaded" text="socklens serve does not answer, or is another version now.">
          <button type="button" class="btn" onClick={() => location.reload()}>
            Load the page again
          </button>
        </Blank>
      );
    if (loaded !== undefined) {
      const View = loaded;
      return <View />;
    }
    return (
      <section class="panel loading" aria-busy="true" aria-label="Loading">
        <p class="faint">Loading</p>
      </section>
    );
  };
}
