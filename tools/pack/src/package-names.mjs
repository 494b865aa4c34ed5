import { Converter } from 'typedoc';

/** Calls each module of the reference by the name that it is imported by. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? [])
      module.name = `@kairos/${module.name
        .replace(/\/src$/, '')
        .split('/')
        .at(-1)}`;
  });
}
