import { createApp } from 'vue';
import Shell from './Shell.vue';
import './desk.css';
import { router } from './router.ts';

createApp(Shell).use(router).mount('#desk');
