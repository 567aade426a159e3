"""The pipeline of a running lab: what a push sets off, who may do what next, and everything that was done."""
