// length: how many bytes a value has. The argument: the least and, where there is one, the most, with a blank between.
import { type Operator, OperatorError } from './operator.ts';

export const lengthWithin: Operator = {
  name: 'length',
  macros: false,
  compile({ argument }) {
    const bounds = /^(\d{1,10}) (\d{1,10})?$/.exec(argument);
    if (bounds === null) throw new OperatorError('the argument is the least length and, perhaps, the most');
    const least = Number(bounds[1]);
    const most = bounds[2] === undefined ? Infinity : Number(bounds[2]);
    return ({ length }) => length >= least && length <= most;
  },
};
