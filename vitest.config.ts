import { defineConfig } from 'vitest/config';

/** One runner over the whole workspace; `nx test <project>` narrows it by folder. */
export default defineConfig({
  test: {
    include: ['{apps,libs,tools}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
