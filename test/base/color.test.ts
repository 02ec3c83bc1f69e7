// Colours: the contrast of two by WCAG's own numbers, and mixtures.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contrast, mix } from '../../src/base/color.ts';

describe('a colour', () => {
  it('has the contrast that WCAG computes, whichever comes first', () => {
    assert.equal(contrast('#000000', '#ffffff'), 21);
    assert.equal(contrast('#ffffff', '#ffffff'), 1);
    // The lightest grey that passes on white, and the first that does not.
    assert.ok(contrast('#767676', '#ffffff') >= 4.5);
    assert.ok(contrast('#ffffff', '#777777') < 4.5);
  });

  it('mixes with another by its share', () => {
    assert.equal(mix('#000000', '#ffffff', 0), '#000000');
    assert.equal(mix('#000000', '#ffffff', 1), '#ffffff');
    assert.equal(mix('#102030', '#304050', 0.5), '#203040');
  });
});
