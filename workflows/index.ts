export { act } from './act.js';
export { promotion } from './promotion.js';
