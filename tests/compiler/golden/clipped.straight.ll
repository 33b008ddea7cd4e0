declare <4 x double> @llvm.sqrt.v4f64(<4 x double>)
declare i64 @llvm.vector.reduce.add.v4i64(<4 x i64>)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define internal <4 x double> @sqrt.v4(<4 x double> %x) {
entry:
  %v1 = call <4 x double> @llvm.sqrt.v4f64(<4 x double> %x)
  ret <4 x double> %v1
}

define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {
entry:
  %some = icmp sgt i64 %rows, 0
  %failures = alloca i64
  store i64 0, ptr %failures
  call void @llvm.memset.p0.i64(ptr %scratch, i8 0, i64 64, i1 false)
  call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 8, i1 false)
  %t1 = load double, ptr %shared
  %t3 = fmul double %t1, %t1
  br i1 %some, label %yes1, label %no2
yes1:
  %v4 = load ptr, ptr %columns
  %v5 = load i64, ptr %strides
  %v6 = load ptr, ptr %outs
  %v7 = sub i64 %rows, 1
  %v8 = add i64 %rows, 3
  %v9 = udiv i64 %v8, 4
  br label %loop10
loop10:
  %i12 = phi i64 [ 0, %yes1 ], [ %i13, %loop10 ]
  %v14 = mul i64 %i12, 4
  %v15 = add i64 %v14, 0
  %v16 = icmp slt i64 %v15, %rows
  %v17 = select i1 %v16, i64 %v15, i64 %v7
  %v18 = add i64 %v14, 1
  %v19 = icmp slt i64 %v18, %rows
  %v20 = select i1 %v19, i64 %v18, i64 %v7
  %v21 = add i64 %v14, 2
  %v22 = icmp slt i64 %v21, %rows
  %v23 = select i1 %v22, i64 %v21, i64 %v7
  %v24 = add i64 %v14, 3
  %v25 = icmp slt i64 %v24, %rows
  %v26 = select i1 %v25, i64 %v24, i64 %v7
  %v27 = mul i64 %v17, %v5
  %v28 = getelementptr i8, ptr %v4, i64 %v27
  %v29 = mul i64 %v20, %v5
  %v30 = getelementptr i8, ptr %v4, i64 %v29
  %v31 = mul i64 %v23, %v5
  %v32 = getelementptr i8, ptr %v4, i64 %v31
  %v33 = mul i64 %v26, %v5
  %v34 = getelementptr i8, ptr %v4, i64 %v33
  %v35 = load double, ptr %v28
  %v36 = insertelement <4 x double> poison, double %v35, i32 0
  %v37 = load double, ptr %v30
  %v38 = insertelement <4 x double> %v36, double %v37, i32 1
  %v39 = load double, ptr %v32
  %v40 = insertelement <4 x double> %v38, double %v39, i32 2
  %v41 = load double, ptr %v34
  %t0 = insertelement <4 x double> %v40, double %v41, i32 3
  %t4 = call <4 x double> @sqrt.v4(<4 x double> %t0)
  %v42 = insertelement <4 x double> poison, double %t3, i32 0
  %v43 = shufflevector <4 x double> %v42, <4 x double> poison, <4 x i32> zeroinitializer
  %v44 = fcmp olt <4 x double> %t4, %v43
  %t5 = select <4 x i1> %v44, <4 x double> %t4, <4 x double> %v43
  %t6 = fadd <4 x double> %t5, %v43
  %v45 = getelementptr double, ptr %v6, i64 %v14
  store <4 x double> %t4, ptr %v45, align 8
  %v46 = sub i64 %rows, %v14
  %v47 = icmp slt i64 %v46, 4
  %v48 = getelementptr double, ptr %scratch, i64 4
  %v49 = select i1 %v47, ptr %v48, ptr %scratch
  %v50 = load <4 x double>, ptr %v49, align 8
  %v51 = fadd <4 x double> %v50, %t5
  store <4 x double> %v51, ptr %v49, align 8
  %v52 = fcmp ogt <4 x double> %t0, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v53 = and <4 x i1> <i1 true, i1 true, i1 true, i1 true>, %v52
  %v54 = getelementptr i8, ptr %flags, i64 %v14
  %v55 = insertelement <4 x i64> poison, i64 %v46, i32 0
  %v56 = shufflevector <4 x i64> %v55, <4 x i64> poison, <4 x i32> zeroinitializer
  %v57 = icmp slt <4 x i64> <i64 0, i64 1, i64 2, i64 3>, %v56
  %v58 = zext <4 x i1> %v53 to <4 x i8>
  store <4 x i8> %v58, ptr %v54, align 1
  %v59 = xor <4 x i1> %v53, <i1 true, i1 true, i1 true, i1 true>
  %v60 = and <4 x i1> %v59, %v57
  %v61 = zext <4 x i1> %v60 to <4 x i64>
  %v62 = call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %v61)
  %v63 = load i64, ptr %failures
  %v64 = add i64 %v63, %v62
  store i64 %v64, ptr %failures
  %i13 = add nuw nsw i64 %i12, 1
  %v65 = icmp slt i64 %i13, %v9
  br i1 %v65, label %loop10, label %end11
end11:
  br label %loop66
loop66:
  %i68 = phi i64 [ 0, %end11 ], [ %i69, %end84 ]
  %v70 = mul i64 %i68, 4
  %v71 = getelementptr double, ptr %scratch, i64 %v70
  %v72 = urem i64 %rows, 4
  br label %loop73
loop73:
  %i75 = phi i64 [ 0, %loop66 ], [ %i76, %loop73 ]
  %c77 = phi double [ 0x0000000000000000, %loop66 ], [ %v80, %loop73 ]
  %v78 = getelementptr double, ptr %v71, i64 %i75
  %v79 = load double, ptr %v78
  %v80 = fadd double %c77, %v79
  %i76 = add nuw nsw i64 %i75, 1
  %v81 = icmp slt i64 %i76, 4
  br i1 %v81, label %loop73, label %end74
end74:
  %v82 = icmp ne i64 %v72, 0
  br i1 %v82, label %rare83, label %end84
rare83:
  %v85 = getelementptr double, ptr %v71, i64 4
  br label %loop86
loop86:
  %i88 = phi i64 [ 0, %rare83 ], [ %i89, %loop86 ]
  %c90 = phi double [ %v80, %rare83 ], [ %v93, %loop86 ]
  %v91 = getelementptr double, ptr %v85, i64 %i88
  %v92 = load double, ptr %v91
  %v93 = fadd double %c90, %v92
  %i89 = add nuw nsw i64 %i88, 1
  %v94 = icmp slt i64 %i89, %v72
  br i1 %v94, label %loop86, label %end87
end87:
  br label %end84
end84:
  %v95 = phi double [ %v80, %end74 ], [ %v93, %end87 ]
  %v96 = getelementptr double, ptr %sums, i64 %i68
  store double %v95, ptr %v96
  %i69 = add nuw nsw i64 %i68, 1
  %v97 = icmp slt i64 %i69, 1
  br i1 %v97, label %loop66, label %end67
end67:
  br label %end3
no2:
  br label %end3
end3:
  %v98 = sitofp i64 %rows to double
  %v99 = fmul double %t3, %v98
  %v100 = load double, ptr %sums
  %v101 = fadd double %v100, %v99
  store double %v101, ptr %sums
  %v102 = load i64, ptr %failures
  ret i64 %v102
}
