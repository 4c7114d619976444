import { describe, expect, it } from 'vitest';
import { parseCsv, parseRows } from './csv.ts';
import type { Dataset } from './dataset.ts';
import { Standardizer } from './standardizer.ts';
import { featureNames } from './table.ts';

const iris = 'length,colour,width,species\n1,red,10,setosa\n2,blue,20,virginica\n\n3,red,30.5,setosa\n';
const rows = (d: Dataset): number[][] => Array.from({ length: d.length }, (_, i) => Array.from(d.raw(i)));
const targets = (d: Dataset): number[] => Array.from({ length: d.length }, (_, i) => d.target(i));

describe('parseCsv', () => {
  it('reads numbers, categories and classes', () => {
    const { dataset, schema } = parseCsv(iris, { source: 'iris.csv' });
    expect(rows(dataset)).toEqual([
      [1, 0, 1, 10],
      [2, 1, 0, 20],
      [3, 0, 1, 30.5],
    ]);
    expect(featureNames(schema)).toEqual(['length', 'colour=blue', 'colour=red', 'width']);
    expect(dataset.classNames).toEqual(['setosa', 'virginica']);
    expect(targets(dataset)).toEqual([0, 1, 0]);
    expect(dataset.provenance).toBe('iris.csv, 3 of 3 rows');
  });

  it('takes the label by name or position, leaves columns out, and numbers as categories when told', () => {
    const text = 'id,y,code\n7,0.5,1\n8,1.5,2\n9,2.5,1\n';
    const { dataset, schema } = parseCsv(text, { label: 'y', ignore: ['id'], categorical: ['code'] });
    expect(rows(dataset)).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
    expect(schema.labelKind).toBe('value');
    expect(dataset.targetShape).toEqual([1]);
    expect(targets(dataset)).toEqual([0.5, 1.5, 2.5]);
    expect(parseCsv('1;a\n2;b\n', { header: false, label: 1 }).dataset.classNames).toEqual(['a', 'b']);
    expect(parseCsv('x,y\n5,10\n6,9\n7,2\n').dataset.classNames).toEqual(['2', '9', '10']);
  });

  it('reads quoted cells, Windows line ends and a byte order mark', () => {
    const { dataset } = parseCsv('\ufeff"a, b",y\r\n1,"say ""x"""\r\n2,"two\nlines"\r\n');
    expect(dataset.classNames).toEqual(['say "x"', 'two\nlines']);
  });

  it('refuses, leaves out, or fills missing cells', () => {
    const text = 'a,b,y\n1,2,p\n,4,q\n3,NA,q\n5,6,\n';
    expect(() => parseCsv(text, { source: 't.csv' })).toThrow(
      "t.csv, line 3, column 'a': the cell is empty. Fill it, or choose missing: 'drop' (leave such rows out) or 'mean' (put the training mean)",
    );
    expect(() => parseCsv('a,y\nnan,1\n')).toThrow("CSV, line 2, column 'a': the cell is 'nan'");
    expect(rows(parseCsv(text, { missing: 'drop' }).dataset)).toEqual([[1, 2]]);
    const { dataset } = parseCsv(text, { missing: 'mean' });
    expect(rows(dataset)).toEqual([
      [1, 2],
      [NaN, 4],
      [3, NaN],
    ]);
    const filled = Standardizer.fit(dataset).transform(dataset);
    expect(rows(filled)).toEqual([
      [-1, -1],
      [0, 1],
      [1, 0],
    ]);
    expect(targets(filled)).toEqual([0, 1, 1]);
  });

  it('says where a cell is wrong', () => {
    const bad = (text: string, options = {}) => expect(() => parseCsv(text, { source: 't.csv', ...options }));
    bad('a,y\n1,x\n2\n').toThrow('t.csv, line 3: 1 cells, but the header has 2; complete the row');
    bad('a,y\n"p\nq",x\n2,x,3\n').toThrow('t.csv, line 4: 3 cells, but the header has 2');
    bad('a,y\n1,x\ntwo,x\n').toThrow(
      "t.csv, line 3, column 'a': 'two' is not a number. Correct it, or name the column under categorical or ignore",
    );
    bad('a,y\n1,x\n1e99,x\n').toThrow("line 3, column 'a': '1e99' is beyond the range of float32");
    bad('a,y\nred,x\n', { infer: false }).toThrow("t.csv, line 2, column 'a': 'red' is not a number");
    bad('').toThrow('t.csv: the file is empty');
    bad('a,y\n').toThrow('t.csv: there are no rows of data');
    bad('a,a\n1,2\n').toThrow("t.csv, line 1: two columns are called 'a'");
    bad('a,y\n1,2\n', { label: 'z' }).toThrow('t.csv: label: there is no column "z"; the columns are a, y');
    bad('a,y\n1,2\n', { label: 5 }).toThrow('t.csv: label: there is no column 5');
    bad('a,y\n1,2\n', { ignore: ['a'] }).toThrow("t.csv: no column is left to learn from beside the label 'y'");
    bad('a,y\n"1,2\n').toThrow('t.csv: a quoted cell is not closed');
    bad('a,y\n,2\n', { missing: 'drop' }).toThrow('t.csv: every row has a missing cell; none is left');
  });
});

describe('parseRows', () => {
  it('reads rows as training did, by name and in any order', () => {
    const schema = JSON.parse(JSON.stringify(parseCsv(iris).schema));
    expect(Array.from(parseRows('width,extra,colour,length\n4,?,blue,9\n', schema, 'new.csv'))).toEqual([9, 1, 0, 4]);
  });

  it('says what the model does not know', () => {
    const { schema } = parseCsv(iris);
    expect(() => parseRows('width,colour\n4,blue\n', schema, 'new.csv')).toThrow(
      "new.csv: column 'length' is missing; the model was trained on it",
    );
    expect(() => parseRows('length,colour,width\n4,green,1\n', schema, 'new.csv')).toThrow(
      "new.csv, line 2, column 'colour': 'green' was not seen in training; it knows blue, red",
    );
  });
});

describe('Standardizer', () => {
  it('learns from the training part alone, and goes on from its state', () => {
    const { dataset } = parseCsv('a,b,y\n1,5,x\n3,5,z\n1001,5,x\n');
    const standardizer = Standardizer.fit(dataset.subset([0, 1]));
    expect(standardizer.state()).toEqual({ mean: [2, 5], std: [1, 1] });
    const again = new Standardizer(JSON.parse(JSON.stringify(standardizer.state())));
    expect(rows(again.transform(dataset))).toEqual([
      [-1, 0],
      [1, 0],
      [999, 0],
    ]);
  });

  it('says what does not fit', () => {
    expect(() => new Standardizer({ mean: [1], std: [] })).toThrow('1 means and 0 standard deviations');
    expect(() => new Standardizer({ mean: [1, 2], std: [1, 1] }).apply(new Float32Array(3))).toThrow('rows of 2 features were expected');
    const { dataset } = parseCsv('a,b,y\n,5,0\n,6,1\n', { missing: 'mean', infer: false });
    expect(() => Standardizer.fit(dataset)).toThrow('feature 0 has no value in the training part');
  });
});

it('cuts a cell and a name of any length in its messages', () => {
  const long = 'x'.repeat(5000);
  for (const text of [`a,y\n1,2\n${long},3\n`, `${long},y\n,1\n`, `${long},${long}\n1,2\n`, `a,y\n${'9'.repeat(5000)},1\n2,2\n`]) {
    expect(() => parseCsv(text)).toThrow(/\.\.\.'/);
    expect(() => parseCsv(text)).toThrow(/^.{0,400}$/s);
  }
});
