export { act } from './act.js';
export { promotion } from './promotion.js';
export { notice } from './notice.js';
export { retirement, rollback } from './rollback.js';
export { watch } from './watch.js';
