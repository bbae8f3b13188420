import { createRouter, createWebHistory } from 'vue-router';
import Home from './Home.vue';
import Sources from './Sources.vue';

export const router = createRouter({
  history: createWebHistory('/desk'),
  routes: [
    { path: '/', name: 'home', component: Home },
    { path: '/studies/:study/sources', name: 'sources', component: Sources, props: true },
    { path: '/studies/:study/import', name: 'import', component: () => import('./Import.vue'), props: true },
    { path: '/studies/:study/sources/:source', name: 'source', component: () => import('./Coding.vue'), props: true },
    { path: '/studies/:study/sources/:source/comparison', name: 'comparison', component: () => import('./Comparison.vue'), props: true },
    { path: '/studies/:study/findings', name: 'findings', component: () => import('./Findings.vue'), props: true },
    { path: '/studies/:study/findings/kept', name: 'kept', component: () => import('./KeptFindings.vue'), props: true },
    { path: '/studies/:study/report', name: 'report', component: () => import('./Report.vue'), props: true },
    { path: '/studies/:study/codebook', name: 'codebook', component: () => import('./Codebook.vue'), props: true },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
});
