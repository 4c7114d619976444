import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { choice, nearest, type Parser, realNumber, realNumbers, wholeNumber, wholeNumbers } from './arguments.ts';

function refused(parser: Parser<unknown>, text: string): UserError {
  try {
    parser(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error(`${text} was taken`);
}

test('whole numbers', () => {
  const epochs = wholeNumber('--epochs', { min: 1 });
  expect(epochs('10')).toBe(10);
  expect(epochs(' 7 ')).toBe(7);
  for (const text of ['0', '-3', '1.5', '1e3', '0x10', 'ten', '', '99999999999999999999']) {
    expect(refused(epochs, text).message).toMatch(/^--epochs: .*; it takes a whole number of at least 1$/);
  }
  expect(refused(epochs, '1.5').message).toBe("--epochs: '1.5' was given; it takes a whole number of at least 1");
  expect(refused(epochs, '').message).toBe('--epochs: nothing was given; it takes a whole number of at least 1');
  expect(refused(wholeNumber('--top', { min: 1, max: 10 }), '11').message).toMatch(/a whole number from 1 to 10$/);
});

test('numbers', () => {
  const lr = realNumber('--lr', { above: 0 });
  expect([lr('1e-3'), lr('.5'), lr('2.'), lr('3E2')]).toEqual([0.001, 0.5, 2, 300]);
  for (const text of ['0', '-1', 'NaN', 'Infinity', '1e999', '1,5', '0x1', '']) {
    expect(refused(lr, text).message).toMatch(/it takes a number above 0$/);
  }
  expect(refused(realNumber('--momentum', { min: 0, below: 1 }), '1').message).toBe(
    "--momentum: '1' was given; it takes a number of at least 0 and below 1",
  );
});

test('lists', () => {
  const hidden = wholeNumbers('--hidden', { min: 1 });
  expect(hidden('512,256')).toEqual([512, 256]);
  expect(hidden('512, 256')).toEqual([512, 256]);
  expect([hidden('none'), hidden('')]).toEqual([[], []]);
  for (const text of ['512,', '512,,256', '512;256', '0']) {
    expect(refused(hidden, text).message).toBe(
      `--hidden: '${text}' was given; it takes whole numbers of at least 1, with commas between them, as in 512,256`,
    );
  }
  const betas = realNumbers('--betas', { min: 0, below: 1 }, 2);
  expect(betas('0.9,0.999')).toEqual([0.9, 0.999]);
  for (const text of ['0.9', '0.9,1', '0.9,0.99,0.999']) {
    expect(refused(betas, text).message).toMatch(/it takes 2 numbers of at least 0 and below 1, with commas between them$/);
  }
});

test('choices, and what was probably meant', () => {
  const optimizer = choice('--optimizer', ['sgd', 'adam', 'rmsprop']);
  expect(optimizer('adam')).toBe('adam');
  const error = refused(optimizer, 'aadm');
  expect(error.message).toBe("--optimizer: 'aadm' was given; it takes one of sgd, adam, rmsprop");
  expect(error.hint).toBe('Did you mean adam?');
  expect(refused(optimizer, 'newton').hint).toBeUndefined();
  expect(nearest('RMSProp', ['sgd', 'rmsprop'])).toBe('rmsprop');
  expect(nearest('fashon-mnist', ['mnist', 'fashion-mnist', 'digits'])).toBe('fashion-mnist');
  expect(nearest('', ['sgd'])).toBeUndefined();
});
