import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// One script to begin with, the rest when it is needed, one style sheet; names change with the content.
export default defineConfig({
  base: '/assets/',
  plugins: [vue()],
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  build: {
    target: 'es2022',
    manifest: true,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: 'src/main.ts',
      output: { entryFileNames: 'desk-[hash].js', chunkFileNames: 'desk-[name]-[hash].js', assetFileNames: 'desk-[hash][extname]' },
    },
  },
});
