import { fakeSource } from '../support/fake-source.js';
import { FEATURES, keepsContract } from './source-contract.js';

keepsContract('the fake', () => {
  const source = fakeSource(FEATURES);
  const predicted = (...args: Parameters<typeof source.predicted>) => Promise.resolve(source.predicted(...args));
  return Promise.resolve({ source, model: 'm', predicted, close: () => Promise.resolve() });
});
